// `book`: five levels as bars, asks above bids, and the imbalance.

function drawBook(body, model) {
  const { levels, red_rises } = model.get("_options");
  const facts = element("div", "tickflow-legend");
  const sides = element("div", "tickflow-book");
  body.classList.toggle("tickflow-red-rises", red_rises);
  const row = (side, level) => {
    const [price, volume] = [element("span", "tickflow-price"), element("span", "tickflow-volume")];
    const bar = element("span", "tickflow-bar");
    const line = element("div", `tickflow-level tickflow-${side}`, "",
      element("span", "tickflow-name", `${side} ${level}`), price, element("span", "tickflow-track", "", bar), volume);
    return { line, price, volume, bar };
  };
  const count = [...Array(levels).keys()];
  const asks = count.map((i) => row("ask", i + 1));
  const bids = count.map((i) => row("bid", i + 1));
  const middle = element("div", "tickflow-level tickflow-middle");
  sides.append(...asks.map(({ line }) => line).reverse(), middle, ...bids.map(({ line }) => line));
  const balance = element("div", "tickflow-balance");
  const needle = element("span", "tickflow-needle");
  balance.append(needle);
  body.append(facts, sides, balance);

  const fact = (name, value) => element("span", "", `${name} `, element("b", "", value));
  return {
    show({ time, mid, spread_bps, imbalance, bid, ask, digits }) {
      const number = (value, places) => (value === null ? "–" : value.toFixed(places));
      const most = Math.max(1, ...[...bid, ...ask].map(({ volume }) => volume));
      const fill = (rows, side) => rows.forEach(({ line, price, volume, bar }, i) => {
        const level = side[i];
        line.classList.toggle("tickflow-empty", !level);
        price.textContent = level ? level.price.toFixed(digits) : "–";
        volume.textContent = level ? level.volume.toLocaleString("en") : "";
        bar.style.width = level ? `${(100 * level.volume) / most}%` : "0";
      });
      fill(asks, ask);
      fill(bids, bid);
      facts.replaceChildren(fact("mid", number(mid, digits + 1)), fact("spread", `${number(spread_bps, 1)} bps`),
        fact("imbalance", imbalance === null ? "–" : `${imbalance > 0 ? "+" : ""}${imbalance.toFixed(2)}`), fact("at", time));
      middle.textContent = mid === null ? "one side is empty" : "";
      needle.style.left = imbalance < 0 ? `${50 * (1 + imbalance)}%` : "50%";
      needle.style.width = `${50 * Math.abs(imbalance ?? 0)}%`;
      needle.className = `tickflow-needle ${imbalance < 0 ? "tickflow-ask" : "tickflow-bid"}`;
      balance.title = "imbalance of the volumes: bids to the right, asks to the left";
    },
  };
}

export default { render: (context) => shell(context, drawBook) };
