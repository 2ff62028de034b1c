// Wires the page: controls to state, state to the address, tables and charts to both.
"use strict";
(() => {
  const { element } = Charts;
  const data = JSON.parse(document.getElementById("data").textContent);
  const toolbar = document.getElementById("toolbar");
  const live = document.getElementById("live");
  const charts = new Map();

  const page = {
    state: Core.parseState(location.hash),
    /** Changes the state, the address with it, and everything that depends on it. */
    set(changes) {
      Object.assign(this.state, changes);
      history.replaceState(null, "", Core.formatState(this.state) || location.pathname + location.search);
      render();
    },
    say(text) { live.textContent = text; },
  };

  /** The records' sections, one of which is shown at a time. */
  const records = [...document.querySelectorAll(".record")];
  const shown = () => {
    const wanted = data.records.findIndex((record) => record.name === page.state.record);
    return wanted < 0 ? records.length - 1 : wanted;
  };

  function render() {
    const { state } = page;
    document.documentElement.dataset.theme = state.theme;
    for (const control of toolbar.elements) {
      if (control.type === "radio") control.checked = state[control.name] === control.value;
      else if (control.type === "checkbox") control.checked = state[control.name] === control.value;
      else if (control.name && control.value !== state[control.name]) control.value = state[control.name];
    }
    const current = shown();
    const picker = toolbar.elements.namedItem("record");
    if (picker) picker.value = data.records[current].name;
    records.forEach((section, index) => { section.hidden = index !== current; });
    for (const link of document.querySelectorAll("a[data-section]")) link.hash = `r${current}-${link.dataset.section}`;
    for (const figure of document.querySelectorAll(".chart")) {
      const panel = panelOf(figure);
      const ids = panel.series.flatMap((series) => series.points);
      figure.hidden = panel.measure !== state.measure
        || !ids.some((point) => Core.matches({ id: point.id, payload: panel.payload, verdict: point.note }, state));
      if (!figure.hidden && charts.has(figure)) charts.get(figure).update();
    }
    for (const table of document.querySelectorAll("table[data-table]")) showRows(table);
    renderComparison();
  }

  function panelOf(figure) {
    const record = data.records[figure.closest(".record").dataset.record];
    return record.panels.find((panel) => panel.id === figure.dataset.panel);
  }

  // Charts come alive when they come near the window.
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting || charts.has(target)) continue;
      charts.set(target, new Charts.Chart(target, panelOf(target), page));
      watcher.unobserve(target);
    }
  }, { rootMargin: "300px" });

  // Tables: every head sorts, rows follow the filter, each can be taken along.
  const original = new Map();

  function equip(table) {
    original.set(table, [...table.tBodies[0].rows]);
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = element("button", { type: "button" }, head.textContent);
      button.addEventListener("click", () => {
        const all = Core.parseList(page.state.sort);
        const [before, way] = all.get(table.id) || [];
        const next = Number(before) !== column || before == null ? "asc" : way === "asc" ? "desc" : null;
        if (next) all.set(table.id, [column, next]); else all.delete(table.id);
        page.set({ sort: Core.formatList(all) });
      });
      head.replaceChildren(button);
    });
    const count = element("span", { class: "count" });
    const tools = element("div", { class: "table-tools" }, count,
      tool("CSV", () => save(`${table.id}.csv`, "text/csv", Core.csv(contents(table)))),
      tool("JSON", () => {
        const [head, ...rows] = contents(table);
        save(`${table.id}.json`, "application/json",
          JSON.stringify(rows.map((row) => Object.fromEntries(row.map((value, i) => [head[i], value]))), null, 1));
      }));
    table.closest(".scroll").after(tools);
  }

  function tool(name, act) {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", act);
    return button;
  }

  const cellValue = (cell) => ("value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim());

  /** Head and visible rows; each number with the text it is written as beside it. */
  function contents(table) {
    const head = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
    const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
    return [["id", ...head, ...head.map((name) => `${name}, as written`)],
      ...rows.map((row) => [row.dataset.id, ...[...row.cells].map(cellValue), ...[...row.cells].map((cell) => cell.textContent)])];
  }

  function showRows(table) {
    const body = table.tBodies[0];
    const rows = original.get(table);
    const [column, way] = Core.parseList(page.state.sort).get(table.id) || [];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, index) => {
      if (String(index) === column) head.setAttribute("aria-sort", way === "desc" ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const sorted = heads[column] ? Core.order(rows.map((row) => cellValue(row.cells[column])), way === "desc").map((i) => rows[i]) : rows;
    if (sorted.some((row, index) => body.rows[index] !== row)) body.append(...sorted);
    let visible = 0;
    for (const row of rows) {
      row.hidden = !Core.matches(row.dataset, page.state);
      visible += !row.hidden;
    }
    table.closest(".table").querySelector(".count").textContent = `${visible} of ${rows.length} rows`;
  }

  function save(name, type, text) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    const link = element("a", { href: address, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  // Two records side by side.
  const result = document.getElementById("compare-result");
  let compared = "";

  function equipComparison() {
    if (!result) return;
    const box = document.getElementById("compare-controls");
    for (const [key, label] of [["a", "before"], ["b", "after"]]) {
      const select = element("select", { name: key }, ...data.records.map(({ name }) => element("option", { value: name }, name)));
      select.addEventListener("change", () => page.set({ [key]: select.value }));
      box.append(element("label", { class: "field" }, `${label} `, select), " ");
    }
  }

  function renderComparison() {
    if (!result) return;
    const named = (name, fallback) => data.records.find((record) => record.name === name) || fallback;
    const a = named(page.state.a, data.records[0]);
    const b = named(page.state.b, data.records.at(-1));
    document.querySelector("select[name=a]").value = a.name;
    document.querySelector("select[name=b]").value = b.name;
    if (compared !== JSON.stringify([a.name, b.name])) {
      compared = JSON.stringify([a.name, b.name]);
      fillComparison(a, b);
    }
  }

  function fillComparison(a, b) {
    const { differing, counts, ratios } = Core.compare(a, b);
    const nodes = [];
    if (differing.length) {
      nodes.push(element("p", { class: "notice" },
        `The records differ in ${differing.join(", ")}: exact counts stand side by side and are not subtracted.`));
    }
    const percent = (change) => (change == null ? "–" : `${change > 0 ? "+" : ""}${Core.significant(change * 100)}%`);
    const range = (r) => [`${Core.format("ratio", r.ratio)} [${Core.format("ratio", r.low)} to ${Core.format("ratio", r.high)}]`, r.ratio];
    nodes.push(comparisonTable("compare-counts", "Exact counts", ["case", "count", a.name, b.name, "change", "direction"],
      counts.map((row) => [row, [row.id], [row.name], [Core.significant(row.from), row.from], [Core.significant(row.to), row.to],
        [percent(row.change), row.change], [row.verdict && { slower: "more", faster: "fewer", same: "same" }[row.verdict]]])));
    nodes.push(comparisonTable("compare-ratios", "Paired ratios, each of its own run", ["comparison", a.name, b.name, "intervals"],
      ratios.map((row) => [row, [row.id], range(row.from), range(row.to),
        [{ slower: "apart: higher", faster: "apart: lower", same: "overlap" }[row.verdict]]])));
    result.replaceChildren(...nodes);
    for (const table of result.querySelectorAll("table")) { equip(table); showRows(table); }
  }

  function comparisonTable(id, caption, heads, rows) {
    const body = element("tbody", {}, ...rows.map(([row, ...cells]) => element("tr",
      { "data-id": row.id, "data-payload": row.payload, "data-verdict": row.verdict },
      ...cells.map(([text, value], index) => element(index ? "td" : "th",
        { ...(index ? {} : { scope: "row" }), ...(value == null ? {} : { "data-value": value, class: "figure" }) }, text || "")))));
    const table = element("table", { id, "data-table": id }, element("caption", {}, caption),
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))), body);
    return element("div", { class: "table" },
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table));
  }

  function start() {
    toolbar.hidden = false;
    if (records.length > 1) {
      const select = element("select", { name: "record" }, ...data.records.map(({ name }) => element("option", { value: name }, name)));
      document.getElementById("record-control").append(element("label", { class: "field" }, "Record ", select));
      for (const heading of document.querySelectorAll(".record-name")) heading.classList.add("visually-hidden");
    }
    toolbar.addEventListener("submit", (event) => event.preventDefault());
    toolbar.addEventListener("input", ({ target }) => {
      page.set({ [target.name]: target.type === "checkbox" ? (target.checked ? "hide" : "show") : target.value });
    });
    toolbar.addEventListener("reset", (event) => {
      event.preventDefault();
      page.set({ ...Core.DEFAULTS });
    });
    for (const code of document.querySelectorAll(".command code")) {
      const button = tool("Copy", async () => {
        try {
          await navigator.clipboard.writeText(code.textContent);
          page.say("Copied");
        } catch {
          getSelection().selectAllChildren(code);
          page.say("Selected; copy it with your keyboard");
        }
      });
      button.setAttribute("aria-label", `Copy: ${code.textContent}`);
      code.after(button);
    }
    for (const link of document.querySelectorAll("nav a, .skip")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        goTo(link.hash.slice(1));
        page.set({ at: link.hash.slice(1) });
      });
    }
    for (const table of document.querySelectorAll("table[data-table]")) equip(table);
    equipComparison();
    addEventListener("hashchange", () => { page.state = Core.parseState(location.hash); render(); goTo(page.state.at); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
    render();
    for (const figure of document.querySelectorAll(".chart")) watcher.observe(figure);
    goTo(page.state.at);
  }

  function goTo(id) {
    const target = id && document.getElementById(id);
    if (!target) return;
    target.scrollIntoView();
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }

  start();
})();
