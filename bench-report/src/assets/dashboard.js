// The page over a history: which small charts are shown and in which order, the large one,
// and any run against any other.
"use strict";
(() => {
  const { element } = Charts;
  const { data } = Page;
  const names = data.entries.map((entry) => entry.name);
  const grid = document.getElementById("small-charts");
  const figures = [...grid.children];
  const detail = document.getElementById("detail");
  const keyOf = (series) => [series.case, series.metric, series.baseline].filter(Boolean).join(" ");
  const byKey = new Map(data.series.map((series) => [keyOf(series), series]));
  const points = new Map();

  /** The points of a series, made when first asked for. */
  function pointsOf(series) {
    if (!points.has(series)) points.set(series, Core.expand(series, data.presence));
    return points.get(series);
  }

  /** The CPU that a run was made on. */
  const machineOf = (index) => new Map(data.environments[data.entries[index].environment]).get("cpu") || "unknown CPU";

  /** A run as a record that can be compared: what was measured in it, by case. */
  function recordOf(name) {
    const index = names.indexOf(name);
    const cases = new Map(), ratios = [];
    for (const series of data.series) {
      const point = pointsOf(series).find(({ x }) => x === index);
      if (!point) continue;
      if (series.metric === "ratio") {
        ratios.push({ id: `${series.case} / ${series.baseline}`, payload: series.payload, ratio: point.y, low: point.low, high: point.high });
      } else {
        if (!cases.has(series.case)) cases.set(series.case, { id: series.case, payload: series.payload, counts: {} });
        cases.get(series.case).counts[series.metric] = point.y;
      }
    }
    return { name, fingerprint: data.environments[data.entries[index].environment], facts: { cases: [...cases.values()], ratios } };
  }

  /** Shows a run against the one before it, if that is on the page. */
  function toRun(index, before = index - 1) {
    if (before < 0) return Page.say("No run before this one is on the page");
    Page.set({ a: names[before], b: names[index], at: "compare" });
    Page.goTo("compare");
  }

  let chart = null, charted = "";
  Page.follow((state) => {
    const series = byKey.get(state.series);
    detail.hidden = !series;
    if (!series) { charted = ""; return; }
    if (charted === state.series) return chart.update();
    charted = state.series;
    const counts = series.metric !== "ratio";
    const changes = new Map(series.changes?.map((change) => [change.entry, change]));
    const all = pointsOf(series).map((point) => {
      const { name, subject, when } = data.entries[point.x];
      const note = [subject, when, changes.get(point.x)?.evidence].filter(Boolean).join("; ");
      return { ...point, id: name, note };
    });
    const groups = [...new Set(all.map((point) => point.group))];
    const label = counts ? series.metric.replaceAll("_", " ") : `time per item / ${series.baseline}`;
    const panel = {
      id: "series", title: series.case, band: null,
      x: { label: "run", unit: "index", linear: true, names },
      y: { label, unit: counts ? "count" : "ratio", linear: true },
      series: groups.map((group, index) => ({
        name: groups.length > 1 ? machineOf(all.find((point) => point.group === group).x) : label, style: index, dashed: false, line: true,
        points: all.filter((point) => point.group === group),
      })),
      marks: (series.changes || []).map((change) => ({
        x: change.entry, label: `${names[change.entry]}: ${percent(change)}`,
      })),
    };
    const figure = element("figure", { class: "chart" }, element("figcaption", {}, series.case, element("small", {}, label)),
      element("div", { class: "plot" }));
    document.getElementById("detail-chart").replaceChildren(figure);
    // The filters chose which series to show: of the one that is open they hide nothing.
    const whole = ({ zoom, off, scale }) => ({ ...Core.DEFAULTS, zoom, off, scale });
    chart = new Charts.Chart(figure, panel, { ...Page, get state() { return whole(Page.state); }, pick: (point) => toRun(point.x) });
    chart.wake();
    const rows = all.toReversed().map((point) => element("tr", { "data-id": `${state.series} ${point.id}` },
      element("th", { scope: "row" }, point.id), element("td", {}, data.entries[point.x].when), element("td", {}, data.entries[point.x].subject),
      element("td", { class: "figure", "data-value": point.y, ...(counts ? {} : { "data-low": point.low, "data-high": point.high }) },
        Core.format(panel.y.unit, point.y)),
      element("td", { class: "figure" }, point.low < point.high ? `${Core.format("ratio", point.low)} to ${Core.format("ratio", point.high)}` : "exact")));
    const table = element("table", { id: "series-table", "data-table": "series", "data-whole": "" }, element("caption", {}, `${series.case}: ${label}`),
      element("thead", {}, element("tr", {}, ...["run", "when", "subject", "value", "interval"].map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows));
    document.getElementById("detail-table").replaceChildren(element("div", { class: "table" },
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table)));
    Page.equip(table);
  });

  const percent = ({ before, after }) => (before === 0 ? "from none" : `${after > before ? "+" : "−"}${Core.significant(Math.abs(after / before - 1) * 100)}%`);

  Page.follow((state) => {
    for (const figure of figures) {
      const { key, payload, verdict } = figure.dataset;
      figure.hidden = figure.dataset.measure !== state.measure
        || !Core.matches({ id: key, payload, verdict: verdict || "none" }, state);
    }
    const urgency = ({ dataset: { changed, verdict } }) => Number(changed) + (verdict === "slower" ? 1e9 : 0);
    const sorted = state.order === "name" ? figures : Core.order(figures.map(urgency), true).map((index) => figures[index]);
    if (sorted.some((figure, index) => grid.children[index] !== figure)) grid.replaceChildren(...sorted);
    const visible = figures.filter((figure) => !figure.hidden).length;
    document.getElementById("chart-count").textContent = `${visible} of ${figures.length} charts`;
  });

  for (const figure of figures) {
    const link = figure.querySelector("a");
    link.addEventListener("click", (event) => {
      event.preventDefault();
      Page.set({ series: figure.dataset.key, zoom: "", off: "", at: "detail" });
      Page.goTo("detail");
    });
  }
  document.getElementById("detail-close").addEventListener("click", () => {
    Page.set({ series: "", at: "charts" });
    Page.goTo("charts");
  });
  for (const table of document.querySelectorAll("#changes table, #commits table")) {
    for (const row of table.tBodies[0].rows) {
      const cell = row.cells[0];
      const index = names.indexOf(cell.textContent);
      if (index < 0) continue;
      const before = table.closest("#changes") ? names.indexOf(row.cells[1].textContent) : index - 1;
      // The oldest run has none before it, and numbers that were left out cannot be compared.
      if (before < 0) continue;
      const link = element("a", { href: "#compare" }, cell.textContent);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        toRun(index, before);
      });
      cell.replaceChildren(link);
    }
  }
  if (names.length) Page.comparison(names, recordOf, [names.at(-2) || names[0], names.at(-1)]);
  Page.start();
})();
