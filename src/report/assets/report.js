// The page over records: which record is shown, its charts, the comparison of any two.
"use strict";
(() => {
  const { data } = Page;
  const records = [...document.querySelectorAll(".record")];
  const names = data.records.map((record) => record.name);
  const charts = new Map();

  const shown = (state) => (names.includes(state.record) ? names.indexOf(state.record) : records.length - 1);

  function panelOf(figure) {
    const record = data.records[figure.closest(".record").dataset.record];
    return record.panels.find((panel) => panel.id === figure.dataset.panel);
  }

  // Charts are drawn when they come near the window, or when the keyboard reaches them.
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) charts.get(target).wake();
  }, { rootMargin: "300px" });
  for (const figure of document.querySelectorAll(".chart")) charts.set(figure, new Charts.Chart(figure, panelOf(figure), Page));

  if (records.length > 1) {
    const [field, list] = Page.select("record", "Record", names);
    document.getElementById("record-control").append(field);
    for (const heading of document.querySelectorAll(".record-name")) heading.classList.add("visually-hidden");
    Page.follow((state) => { list.value = names[shown(state)]; });
    Page.comparison(names, (name) => data.records[names.indexOf(name)], [names[0], names.at(-1)]);
  }
  Page.follow((state) => {
    const current = shown(state);
    records.forEach((section, index) => { section.hidden = index !== current; });
    for (const link of document.querySelectorAll("a[data-section]")) link.hash = `r${current}-${link.dataset.section}`;
    for (const figure of document.querySelectorAll(".chart")) {
      const panel = panelOf(figure);
      const points = panel.series.flatMap((series) => series.points);
      figure.hidden = panel.measure !== state.measure
        || !points.some((point) => Core.matches({ id: point.id, payload: panel.payload, verdict: point.note }, state));
      if (!figure.hidden) charts.get(figure).update();
    }
  });
  Page.start();
  for (const figure of charts.keys()) watcher.observe(figure);
})();
