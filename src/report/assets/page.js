// What every page has: controls to state, state to the address, tables that sort and filter,
// a comparison of two records, links that keep the state.
"use strict";
const Page = (() => {
  const { element } = Charts;
  const data = JSON.parse(document.getElementById("data").textContent);
  const toolbar = document.getElementById("toolbar");
  const live = document.getElementById("live");
  const followers = [];

  const page = {
    data,
    state: Core.parseState(location.hash),
    /** Changes the state, the address with it, and everything that depends on it. */
    set(changes) {
      Object.assign(page.state, changes);
      history.replaceState(null, "", Core.formatState(page.state) || location.pathname + location.search);
      render();
    },
    /** Tells readers who do not see it what has happened. */
    say(text) { live.textContent = text; },
    /** Calls `follow` now and whenever the state changes. */
    follow(follow) { followers.push(follow); },
    equip, showRows, tool, comparison, goTo, start, select,
  };

  function render() {
    document.documentElement.dataset.theme = page.state.theme;
    for (const control of toolbar.elements) {
      if (control.type === "radio" || control.type === "checkbox") control.checked = page.state[control.name] === control.value;
      else if (control.name && control.value !== page.state[control.name]) control.value = page.state[control.name];
    }
    for (const follow of followers) follow(page.state);
    for (const table of document.querySelectorAll("table[data-table]")) showRows(table);
  }

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

  /** A labelled list of names that sets a key of the state. */
  function select(key, label, names) {
    const list = element("select", { name: key }, ...names.map((name) => element("option", { value: name }, name)));
    return [element("label", { class: "field" }, `${label} `, list), list];
  }

  /** Two records side by side, chosen by name; `recordOf` makes a record of a name. */
  function comparison(names, recordOf, [usualA, usualB]) {
    const result = document.getElementById("compare-result");
    const box = document.getElementById("compare-controls");
    const lists = {};
    for (const [key, label] of [["a", "before"], ["b", "after"]]) {
      const [field, list] = select(key, label, names);
      list.addEventListener("change", () => page.set({ [key]: list.value }));
      lists[key] = list;
      box.append(field, " ");
    }
    let shown = "";
    page.follow(({ a, b }) => {
      lists.a.value = names.includes(a) ? a : usualA;
      lists.b.value = names.includes(b) ? b : usualB;
      const pair = JSON.stringify([lists.a.value, lists.b.value]);
      if (pair !== shown) fillComparison(result, recordOf(lists.a.value), recordOf(lists.b.value));
      shown = pair;
    });
  }

  function fillComparison(result, a, b) {
    const { differing, counts, ratios } = Core.compare(a, b);
    const nodes = [];
    if (differing.length) {
      nodes.push(element("p", { class: "notice" },
        `The records differ in ${differing.join(", ")}: exact counts stand side by side and are not subtracted.`));
    }
    const percent = (change) => (change == null ? "–" : `${change > 0 ? "+" : ""}${Core.significant(change * 100)}%`);
    const range = (r) => [`${Core.format("ratio", r.ratio)} [${Core.format("ratio", r.low)} to ${Core.format("ratio", r.high)}]`, r.ratio];
    nodes.push(comparisonTable("compare-counts", "Exact counts", ["case", "count", a.name, b.name, "change", "direction"],
      counts.map((row) => [row, [row.id], [row.name.replaceAll("_", " ")], [Core.significant(row.from), row.from], [Core.significant(row.to), row.to],
        [percent(row.change), row.change], [row.verdict && { slower: "more", faster: "fewer", same: "same" }[row.verdict]]])));
    nodes.push(comparisonTable("compare-ratios", "Paired ratios, each of its own run", ["comparison", a.name, b.name, "intervals"],
      ratios.map((row) => [row, [row.id], range(row.from), range(row.to),
        [{ slower: "apart: higher", faster: "apart: lower", same: "overlap" }[row.verdict]]])));
    result.replaceChildren(...nodes);
    for (const table of result.querySelectorAll("table")) equip(table);
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

  /** Brings the page to life, once everything that follows the state is known. */
  function start() {
    toolbar.hidden = false;
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
    addEventListener("hashchange", () => { Object.assign(page.state, Core.parseState(location.hash)); render(); goTo(page.state.at); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
    render();
    goTo(page.state.at);
  }

  function goTo(id) {
    const target = id && document.getElementById(id);
    if (!target) return;
    target.scrollIntoView();
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }

  return page;
})();
