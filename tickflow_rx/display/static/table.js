// `show`: a table in Perspective, whose engine runs in a worker of this page.

async function drawTable(body, model) {
  const perspective = await library(model, "perspective");
  await perspective.ready;
  const client = await perspective.worker();
  const viewer = element("perspective-viewer", "tickflow-table");
  const note = element("div", "tickflow-note");
  viewer.addEventListener("contextmenu", (event) => event.stopPropagation());
  body.append(viewer, note);
  let table;

  const begin = async (content, rows) => {
    table = await client.table(rows, content.index ? { index: content.index } : {});
    await viewer.load(table);
    await viewer.restore({
      plugin: "Datagrid",
      settings: false,
      title: "Perspective",
      theme: isDark(body) ? "Pro Dark" : "Pro Light",
      columns_config: content.columns,
      ...model.get("_options"),
    });
    note.textContent = content.note;
  };

  return {
    viewer,
    /** Rows that the table holds. */
    size: async () => (table ? await table.size() : 0),
    async show(content, [rows]) {
      const arrow = rows.buffer.slice(rows.byteOffset, rows.byteOffset + rows.byteLength);
      if (!table) await begin(content, arrow);
      else if (content.whole) await table.replace(arrow);
      else await table.update(arrow);
    },
    async stop() {
      await viewer.delete();
      await table?.delete();
      client.terminate?.();
    },
  };
}

export default { render: (context) => shell(context, drawTable) };
