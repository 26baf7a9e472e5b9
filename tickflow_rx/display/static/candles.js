// `candles`: candlesticks, volume and VWAP in TradingView's lightweight-charts.

async function drawCandles(body, model) {
  const charts = await library(model, "lightweight-charts");
  const { red_rises, rows } = model.get("_options");
  const dark = isDark(body);
  const ink = `rgb(${inkOf(body).join(", ")})`;
  const faint = dark ? "rgba(255, 255, 255, 0.08)" : "rgba(0, 0, 0, 0.07)";
  const [red, green] = ["#d9414e", "#1f9d6b"];
  const [up, down] = red_rises ? [red, green] : [green, red];
  const legend = element("div", "tickflow-legend");
  const pane = element("div", "tickflow-chart");
  body.append(legend, pane);

  const chart = charts.createChart(pane, {
    autoSize: true,
    layout: { background: { type: "solid", color: "transparent" }, textColor: ink, attributionLogo: true },
    grid: { vertLines: { color: faint }, horzLines: { color: faint } },
    rightPriceScale: { borderColor: faint, scaleMargins: { top: 0.06, bottom: 0.28 } },
    timeScale: {
      borderColor: faint, timeVisible: true, secondsVisible: false, rightOffset: 2, maxBarSpacing: 16,
    },
    crosshair: { mode: charts.CrosshairMode.Normal },
  });
  const candles = chart.addSeries(charts.CandlestickSeries, {
    upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false,
  });
  const volume = chart.addSeries(charts.HistogramSeries, {
    priceScaleId: "volume", priceFormat: { type: "volume" }, priceLineVisible: false, lastValueVisible: false,
  });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.8, bottom: 0 } });
  const vwap = chart.addSeries(charts.LineSeries, {
    color: dark ? "#e0b34c" : "#b7791f", lineWidth: 2, priceLineVisible: false, lastValueVisible: false,
    crosshairMarkerVisible: false,
  });

  const pointsOf = (columns) => {
    const points = { candles: [], volume: [], vwap: [] };
    columns.time.forEach((time, i) => {
      const [open, high, low, close] = ["open", "high", "low", "close"].map((name) => columns[name][i]);
      const known = Number.isFinite(close);
      points.candles.push(known ? { time, open, high, low, close } : { time });
      points.volume.push({ time, value: columns.volume[i], color: `${close < open ? down : up}66` });
      points.vwap.push(Number.isFinite(columns.vwap[i]) ? { time, value: columns.vwap[i] } : { time });
    });
    return points;
  };
  const series = { candles, volume, vwap };
  const setAll = (points) => {
    for (const name in series) series[name].setData(points[name]);
  };
  const fitPrices = (columns) => {
    // Two decimals, or three where funds have them.
    const fine = columns.close.some((price) => Math.abs(price * 100 - Math.round(price * 100)) > 1e-6);
    const format = { type: "price", precision: fine ? 3 : 2, minMove: fine ? 0.001 : 0.01 };
    candles.applyOptions({ priceFormat: format });
    vwap.applyOptions({ priceFormat: { type: "price", precision: 3, minMove: 0.001 } });
  };

  const describe = (bar, amount, line) => {
    const number = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "–");
    const digits = candles.options().priceFormat.precision;
    const parts = ["open", "high", "low", "close"].map((name) => [name, number(bar?.[name], digits)]);
    parts.push(["volume", Number.isFinite(amount) ? amount.toLocaleString("en") : "–"]);
    parts.push(["vwap", number(line, 3)]);
    legend.replaceChildren(...parts.map(([name, value]) => element("span", "", `${name} `, element("b", "", value))));
  };
  const describeLast = () => {
    const last = (of) => of.data().at(-1);
    describe(last(candles), last(volume)?.value, last(vwap)?.value);
  };
  chart.subscribeCrosshairMove(({ time, seriesData }) => {
    if (time === undefined) describeLast();
    else describe(seriesData.get(candles), seriesData.get(volume)?.value, seriesData.get(vwap)?.value);
  });
  describeLast();

  // The first bars fill the chart, unless somebody has moved it.
  let touched = false;
  for (const kind of ["pointerdown", "wheel"]) {
    pane.addEventListener(kind, () => (touched = true), { passive: true });
  }

  return {
    chart,
    series,
    /** How many bars the chart has. */
    bars: () => candles.data().length,
    show(content, buffers) {
      const columns = columnsOf(content, buffers);
      const points = pointsOf(columns);
      const first = candles.data().length === 0;
      if (content.whole || first) {
        setAll(points);
        fitPrices(columns);
      } else {
        for (const name in series) for (const point of points[name]) series[name].update(point);
        if (candles.data().length > 2 * rows) {
          for (const name in series) series[name].setData(series[name].data().slice(-rows));
        }
      }
      if (first) chart.timeScale().scrollToRealTime();
      if (!touched && candles.data().length < 120) chart.timeScale().fitContent();
      describeLast();
    },
    stop: () => chart.remove(),
  };
}

export default { render: (context) => shell(context, drawCandles) };
