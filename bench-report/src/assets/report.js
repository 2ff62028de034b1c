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

  const captions = new Map([...charts.keys()].map((figure) => [figure, figure.querySelector("figcaption small")]));
  const groups = new Map([...document.querySelectorAll(".charts")].map((group) => {
    const note = Charts.element("p", { class: "notice instead" });
    group.before(note);
    return [group, note];
  }));

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
    for (const link of document.querySelectorAll("a[data-section]")) {
      const id = `r${current}-${link.dataset.section}`;
      link.hash = id;
      link.hidden = !document.getElementById(id);
    }
    for (const lead of document.querySelectorAll(".lead")) lead.hidden = Number(lead.dataset.lead) !== current;
    for (const [group, note] of groups) showCharts(group, note, state);
  });

  /** Shows the charts of the measure; what was not measured by it is shown by the other, and said so. */
  function showCharts(group, note, state) {
    const figures = [...group.children];
    const measured = new Set(figures.map(panelOf).filter(({ measure }) => measure === state.measure).map(({ title }) => title));
    note.hidden = true;
    for (const figure of figures) {
      const { measure, title, series } = panelOf(figure);
      const instead = measure !== state.measure && !measured.has(title);
      const left = series.some((line) => line.points.some((point) => Core.shows(line, point, state)));
      figure.hidden = !left || !(instead || measure === state.measure);
      if (figure.hidden) continue;
      charts.get(figure).update();
      captions.get(figure).textContent = `${panelOf(figure).y.label}, ${state.scale === "log" ? "logarithmic" : "linear"}`;
      if (instead) note.hidden = false;
    }
    const none = group.nextElementSibling;
    if (none?.classList.contains("none")) none.hidden = figures.some((figure) => !figure.hidden);
    note.textContent = state.measure === "wall" ? "Where no time was measured, counts are shown instead."
      : "Where no instructions were counted, times are shown instead.";
  }
  Page.start();
  for (const figure of charts.keys()) watcher.observe(figure);
})();
