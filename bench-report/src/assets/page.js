// What every page has: controls to state, state to the address, tables that sort and filter,
// a comparison of two records, links that keep the state.
"use strict";
const Page = (() => {
  const { element } = Charts;
  const data = JSON.parse(document.getElementById("data").textContent);
  const toolbar = document.getElementById("toolbar");
  const live = document.getElementById("live");
  const followers = [];
  // What the page shows first: the measure that its markup has checked.
  const first = toolbar.querySelector('input[name="measure"][checked]');
  if (first) Core.DEFAULTS.measure = first.value;
  const allowed = choices();

  const page = {
    data,
    state: Core.parseState(location.hash, allowed),
    /** Changes the state, the address with it, and everything that depends on it. */
    set(changes) {
      // What opens over the rest gets an entry of its own, so that Back closes it.
      const opens = Boolean(changes.series) && changes.series !== page.state.series;
      Object.assign(page.state, changes);
      const address = Core.formatState(page.state) || location.pathname + location.search;
      if (opens) history.pushState(null, "", address); else history.replaceState(null, "", address);
      render();
    },
    /** Tells readers who do not see it what has happened. */
    say(text) { live.textContent = text; },
    /** Calls `follow` now and whenever the state changes. */
    follow(follow) { followers.push(follow); },
    equip, showRows, tool, comparison, goTo, start, select,
  };

  /** What the controls of the toolbar may be set to, by their names. */
  function choices() {
    const all = {};
    for (const { type, name, value, options } of toolbar.elements) {
      if (type === "radio") all[name] = [...(all[name] || []), value];
      else if (type === "checkbox") all[name] = [Core.DEFAULTS[name], value];
      else if (options) all[name] = [...options].map((option) => option.value);
    }
    return all;
  }

  /** What can be folded: each part with an id of its own is in the address. */
  const folds = () => [...document.querySelectorAll("details[id]")];

  function render() {
    document.documentElement.dataset.theme = page.state.theme;
    for (const control of toolbar.elements) {
      if (control.type === "radio" || control.type === "checkbox") control.checked = page.state[control.name] === control.value;
      else if (control.name && control.value !== page.state[control.name]) control.value = page.state[control.name];
    }
    for (const follow of followers) follow(page.state);
    const open = Core.parseList(page.state.open);
    for (const fold of folds()) fold.open = open.has(fold.id);
    for (const table of document.querySelectorAll("table[data-table]")) showRows(table);
  }

  // Tables: every head sorts, rows follow the filter, each can be taken along.
  const original = new Map();

  function equip(table) {
    original.set(table, [...table.tBodies[0].rows]);
    headsOf(table).forEach((head, column) => {
      const button = element("button", { type: "button" }, head.textContent);
      button.addEventListener("click", () => {
        const all = Core.parseList(page.state.sort);
        const now = sortingOf(table);
        const next = now?.column !== column ? "asc" : now.descending ? null : "desc";
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

  const headsOf = (table) => [...table.tHead.rows[0].cells];
  const sortingOf = (table) => Core.sorting(Core.parseList(page.state.sort).get(table.id), headsOf(table).length);

  /** A number of a cell by its name, or nothing. */
  const number = (cell, name) => (name in cell.dataset ? Number(cell.dataset[name]) : undefined);
  // What a cell opens to is no part of its text.
  const words = (cell) => (cell.querySelector("summary") ?? cell).textContent.trim();
  const sortsBy = (cell) => number(cell, "rank") ?? number(cell, "value") ?? words(cell);

  /** Head and visible rows, to be taken along. */
  function contents(table) {
    const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
    return Core.sheet(headsOf(table).map((cell) => cell.textContent), rows.map((row) => ({
      id: row.dataset.id,
      cells: [...row.cells].map((cell) => ({
        text: words(cell), value: number(cell, "value"), low: number(cell, "low"), high: number(cell, "high"),
      })),
    })));
  }

  function showRows(table) {
    const body = table.tBodies[0];
    const rows = original.get(table);
    const by = sortingOf(table);
    headsOf(table).forEach((head, index) => {
      if (index === by?.column) head.setAttribute("aria-sort", by.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const sorted = by ? Core.order(rows.map((row) => sortsBy(row.cells[by.column])), by.descending).map((i) => rows[i]) : rows;
    if (sorted.some((row, index) => body.rows[index] !== row)) body.append(...sorted);
    let visible = 0;
    for (const row of rows) {
      row.hidden = !("whole" in table.dataset) && !Core.matches(row.dataset, page.state);
      visible += !row.hidden;
    }
    table.closest(".table").querySelector(".count").textContent =
      visible ? `${visible} of ${rows.length} rows` : `No row matches the filter (${rows.length} in all)`;
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
    const { differing, only, counts, ratios } = Core.compare(a, b);
    const nodes = [];
    if (differing.length) {
      nodes.push(element("p", { class: "notice" },
        `The records differ in ${differing.join(", ")}: exact counts stand side by side and are not subtracted.`));
    }
    const percent = (change) => (change == null ? "–" : `${change > 0 ? "+" : ""}${Core.significant(change * 100)}%`);
    const range = (r) => [`${Core.format("ratio", r.ratio)} [${Core.format("ratio", r.low)} to ${Core.format("ratio", r.high)}]`, r.ratio, r.low, r.high];
    nodes.push(comparisonTable("compare-counts", "Exact counts", ["case", "count", `before: ${a.name}`, `after: ${b.name}`, "change", "direction"],
      counts.map((row) => [row, [row.id], [row.name.replaceAll("_", " ")], [Core.significant(row.from), row.from], [Core.significant(row.to), row.to],
        [percent(row.change), row.change], [row.verdict && { slower: "more", faster: "fewer", same: "same" }[row.verdict]]])));
    nodes.push(comparisonTable("compare-ratios", "Paired ratios, each of its own run", ["comparison", `before: ${a.name}`, `after: ${b.name}`, "intervals"],
      ratios.map((row) => [row, [row.id], range(row.from), range(row.to),
        [{ slower: "apart: higher", faster: "apart: lower", same: "overlap" }[row.verdict] ?? "other machine: not compared"]])));
    for (const [side, name] of [["before", a.name], ["after", b.name]]) {
      if (only[side].length) nodes.push(unmatched(side, name, only[side]));
    }
    result.replaceChildren(...nodes);
    for (const table of result.querySelectorAll("table")) equip(table);
  }

  /** What only one of two records has, and is thus in no table of their comparison. */
  function unmatched(side, name, ids) {
    const what = ids.length === 1 ? "1 case, comparison or count" : `${ids.length} cases, comparisons or counts`;
    return element("details", { id: `compare-only-${side}` },
      element("summary", {}, `Only in ${name} (${side}): ${what}`),
      element("ul", { class: "plain-list" }, ...ids.map((id) => element("li", {}, element("code", {}, id)))));
  }

  function comparisonTable(id, caption, heads, rows) {
    const body = element("tbody", {}, ...rows.map(([row, ...cells]) => element("tr",
      { "data-id": row.id, "data-payload": row.payload, "data-verdict": row.verdict },
      ...cells.map(([text, value, low, high], index) => element(index ? "td" : "th",
        { ...(index ? {} : { scope: "row" }), ...(value == null ? {} : { "data-value": value, class: "figure" }),
          ...(low == null ? {} : { "data-low": low, "data-high": high }) }, text || "")))));
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
    // It does not bubble, but it can be caught on its way down.
    document.addEventListener("toggle", () => {
      const open = Core.formatList(new Map(folds().filter((fold) => fold.open).map((fold) => [fold.id, []])));
      if (open !== page.state.open) page.set({ open });
    }, true);
    addEventListener("hashchange", () => { Object.assign(page.state, Core.parseState(location.hash, allowed)); render(); goTo(page.state.at); });
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
