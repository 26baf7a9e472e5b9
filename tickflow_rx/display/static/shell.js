// What all widgets have in common: a head with the title and how the stream stands, and word to
// the kernel of whether anybody sees it. Each widget's file follows this one in the same module.

/** An element with a class, text, and children. */
function element(tag, name = "", text = "", ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

/** A library whose source is in the model: loaded once a page, from memory. */
function library(model, name) {
  const known = (globalThis[Symbol.for("tickflow-rx.libraries")] ??= new Map());
  if (!known.has(name)) {
    const source = new Blob([model.get("_library")], { type: "text/javascript" });
    const url = URL.createObjectURL(source);
    known.set(name, import(url).finally(() => URL.revokeObjectURL(url)));
  }
  return known.get(name);
}

/** Colour of text here as [red, green, blue], however the page's style sheets write it. */
function inkOf(near) {
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  pen.fillStyle = getComputedStyle(near).color;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

/** Whether text here is light, and so the page dark. */
function isDark(near) {
  const [red, green, blue] = inkOf(near);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140;
}

/** Promise that an element is in the page: front ends may put it there after it was drawn. */
async function attached(root, signal) {
  while (!root.isConnected && !signal.aborted) await new Promise(requestAnimationFrame);
}

/** Columns that came as float64 buffers, by name; NaN stands for null. */
function columnsOf(content, buffers) {
  const columns = {};
  content.columns.forEach((name, i) => {
    const { buffer, byteOffset, byteLength } = buffers[i];
    // A copy: float64 must begin at a multiple of 8, which a message does not promise.
    columns[name] = new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength));
  });
  return columns;
}

/**
 * Put a widget into an element.
 *
 * `draw(body, model)` gives (or promises) an object with `show(content, buffers)` and, where there
 * is something to end, `stop()`. What this returns ends the view.
 */
function shell({ model, el }, draw) {
  const view = `${Math.random()}`.slice(2);
  const over = new AbortController();
  const dot = element("span", "tickflow-dot");
  const text = element("span", "tickflow-state");
  const title = element("span", "tickflow-title", model.get("_title"));
  const body = element("div", "tickflow-body");
  const root = element("div", "tickflow-widget", "", element("div", "tickflow-head", "", title, dot, text), body);
  el.append(root);

  const showState = () => {
    const state = model.get("_state");
    root.dataset.phase = state.phase;
    text.textContent = state.text;
    text.title = state.text;
  };
  const failed = (error) => {
    console.error(error);
    root.dataset.phase = "failed";
    text.textContent = text.title = `the display failed: ${error?.message ?? error}`;
  };
  showState();
  model.on("change:_state", showState);

  // One message after another, the first when what draws is ready.
  let queue = attached(root, over.signal).then(async () => {
    root.classList.toggle("tickflow-dark", isDark(root));
    return (root.tickflow = await draw(body, model));
  });
  queue.catch(failed);
  const take = (content, buffers) => {
    queue = queue.then(async (drawn) => {
      if (over.signal.aborted) return drawn;
      await drawn.show(content, buffers ?? []);
      return drawn;
    });
    queue.catch(failed);
  };
  model.on("msg:custom", take);

  let onScreen = false;
  let told;
  const tell = (leaving) => {
    const visible = onScreen && !leaving && document.visibilityState === "visible";
    if (visible !== told) model.send({ view, visible: (told = visible) });
  };
  const observer = new IntersectionObserver((entries) => {
    onScreen = entries.at(-1).isIntersecting;
    tell(false);
  });
  observer.observe(root);
  document.addEventListener("visibilitychange", () => tell(false), { signal: over.signal });
  addEventListener("pagehide", () => tell(true), { signal: over.signal });
  addEventListener("pageshow", () => tell(false), { signal: over.signal });

  return () => {
    over.abort();
    observer.disconnect();
    model.off("change:_state", showState);
    model.off("msg:custom", take);
    try {
      model.send({ view, gone: true });
    } catch {
      // The widget is closed, or the kernel gone: nobody needs to know.
    }
    queue.then((drawn) => drawn.stop?.()).catch(() => {});
  };
}
