// What the page computes, apart from any document: state and its address, filters, order,
// axes, formats, the comparison of two records. Tested on its own.
"use strict";
const Core = (() => {
  const DEFAULTS = {
    record: "", measure: "wall", scale: "log", payload: "", q: "", same: "show", theme: "auto",
    sort: "", zoom: "", off: "", a: "", b: "", at: "", only: "", order: "changed", series: "",
    open: "",
  };

  /**
   * The state an address stands for. A bare word is a place on the page. A key for which
   * `allowed` lists values stays as by default where the address has another.
   */
  function parseState(hash, allowed = {}) {
    const text = hash.replace(/^#/, "");
    if (!text.includes("=")) return { ...DEFAULTS, at: decode(text) };
    const given = new URLSearchParams(text);
    const state = { ...DEFAULTS };
    for (const key of Object.keys(DEFAULTS)) {
      const value = given.get(key);
      if (value !== null && (allowed[key]?.includes(value) ?? true)) state[key] = value;
    }
    return state;
  }

  function decode(text) {
    try { return decodeURIComponent(text); } catch { return ""; }
  }

  /** The address of a state; what is as by default is left out. */
  function formatState(state) {
    const out = new URLSearchParams();
    for (const [key, usual] of Object.entries(DEFAULTS)) if (state[key] !== usual) out.set(key, state[key]);
    const text = out.toString();
    return text ? "#" + text : "";
  }

  /** Lists in one state value: "key:part:part,key:part". */
  function parseList(text) {
    return new Map(text.split(",").filter(Boolean).map((entry) => {
      const [key, ...parts] = entry.split(":");
      return [key, parts];
    }));
  }

  function formatList(map) {
    return [...map].map(([key, parts]) => [key, ...parts].join(":")).join(",");
  }

  /** Whether something with an id, a payload and a verdict is to be shown. */
  function matches(item, state) {
    if (state.payload && item.payload && item.payload !== state.payload) return false;
    if (state.same === "hide" && item.verdict === "same") return false;
    if (state.only && item.verdict && item.verdict !== state.only) return false;
    const id = item.id.toLowerCase();
    return state.q.toLowerCase().split(/\s+/).every((word) => id.includes(word));
  }

  /** Whether a point of a chart is to be shown: it has an id and a verdict, its line a payload. */
  function shows({ payload }, { id, verdict }, state) {
    return matches({ id, payload, verdict }, state);
  }

  /** Indices of values in order; numbers before text before nothing, in either direction. */
  function order(values, descending) {
    const rank = (v) => (typeof v === "number" ? 0 : v === "" || v == null ? 2 : 1);
    const sign = descending ? -1 : 1;
    return values.map((_, index) => index).sort((i, j) => {
      const [a, b] = [values[i], values[j]];
      if (rank(a) !== rank(b)) return rank(a) - rank(b);
      if (rank(a) === 0) return sign * (a - b) || i - j;
      return rank(a) === 2 ? i - j : sign * a.localeCompare(b, "en", { numeric: true }) || i - j;
    });
  }

  /** Index of the nearest of some places, or -1 where none is within reach. */
  function nearest(places, x, y, reach) {
    let best = -1, least = reach * reach;
    places.forEach((place, index) => {
      const distance = (place.x - x) ** 2 + (place.y - y) ** 2;
      if (distance <= least) [best, least] = [index, distance];
    });
    return best;
  }

  /** The column and way that a table is sorted by, of so many columns; nothing for as it was. */
  function sorting([column, way] = [], columns) {
    return /^\d+$/.test(column) && Number(column) < columns ? { column: Number(column), descending: way === "desc" } : null;
  }

  /** The ends of a zoom as its address has them, where an axis can show it. */
  function zoomed(parts = [], log) {
    const [low, high] = parts.map(Number);
    const usable = parts.length === 2 && Number.isFinite(low) && Number.isFinite(high) && low < high && (!log || low > 0);
    return usable ? [low, high] : null;
  }

  /** Round values between two ends, few enough to be read. */
  function ticks(unit, log, low, high, most = 7) {
    if (!(high > low) || !Number.isFinite(high - low) || (log && low <= 0)) return [low];
    if (log && (unit === "bytes" || unit === "ratio")) {
      const [first, last] = [Math.ceil(Math.log2(low)), Math.floor(Math.log2(high))];
      const step = Math.max(1, Math.ceil((last - first + 1) / most));
      const out = [];
      for (let power = first; power <= last; power++) if (power % step === 0) out.push(2 ** power);
      if (out.length > 2) return out;
      if (unit === "bytes" && high / low < 1.3) return [Math.round(Math.sqrt(low * high))];
    } else if (log) {
      const out = [], fine = [];
      for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
        for (const factor of [1, 2, 5]) {
          const value = factor * 10 ** power;
          if (value < low || value > high) continue;
          fine.push(value);
          if (factor === 1) out.push(value);
        }
      }
      const every = Math.ceil(out.length / most);
      const chosen = fine.length <= most ? fine : out.filter((_, index) => index % every === 0);
      if (chosen.length > 2) return chosen;
    }
    const base = unit === "bytes" ? 2 : 10;
    const rough = Math.max((high - low) / most, unit === "index" ? 1 : 0);
    const magnitude = base ** Math.floor(Math.log(rough) / Math.log(base));
    const step = magnitude * (base === 2 ? 2 : [1, 2, 5, 10].find((f) => f * magnitude >= rough));
    const out = [], first = Math.ceil(low / step);
    // A step too small for the numbers around it would never arrive.
    for (let n = 0; (first + n) * step <= high && n <= 2 * most; n++) out.push((first + n) * step);
    return out;
  }

  /** Three digits that matter, thousands grouped; as `format.rs`, and tested by the same examples. */
  function significant(value) {
    const size = Math.abs(value);
    const digits = size >= 99.95 || size === 0 ? 0 : size >= 9.995 ? 1 : size >= .9995 ? 2 : 3;
    const text = value.toFixed(digits);
    const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
    const [whole, rest] = short.split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? `.${rest}` : "");
    return grouped === "-0" ? "0" : grouped.replace("-", "−");
  }

  /** A value of a unit as people read it. */
  function format(unit, value) {
    if (unit === "ratio") return value.toFixed(3);
    if (unit === "ns") {
      for (const [least, size, name] of [[999.5e6, 1e9, "s"], [999.5e3, 1e6, "ms"], [999.5, 1e3, "µs"]]) {
        if (Math.abs(value) >= least) return significant(value / size) + " " + name;
      }
      return significant(value) + " ns";
    }
    if (unit === "bytes") {
      for (const [size, name] of [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]]) {
        if (value >= size) return significant(value / size) + " " + name;
      }
      return Math.round(value) + " B";
    }
    return significant(value);
  }

  /** As on an axis: short. */
  function formatTick(unit, value) {
    if (unit === "bytes" || unit === "ns") return format(unit, value);
    if (unit === "ratio") return { 0.5: "½", 0.25: "¼", 0.125: "⅛", 0.0625: "1/16", 0.03125: "1/32" }[value] ?? significant(value);
    if (value >= 999500) return significant(value / 1e6) + "M";
    if (value >= 999.5) return significant(value / 1e3) + "k";
    return significant(value);
  }

  /** Rows as CSV. Text that a spreadsheet would take for a formula is made plain text. */
  function csv(rows) {
    const field = (value) => {
      let text = value == null ? "" : String(value);
      if (typeof value !== "number" && /^[=+@\t\r-]/.test(text)) text = "'" + text;
      return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
    };
    return rows.map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
  }

  /** Names, each of which occurs once: a second one gets a number. */
  function unique(names) {
    const taken = new Set();
    return names.map((name) => {
      let own = name;
      for (let n = 2; taken.has(own); n++) own = `${name} (${n})`;
      taken.add(own);
      return own;
    });
  }

  /**
   * A table to take along, its head first: what each cell holds, the two ends around it in
   * columns of their own where a column has any, and at last the cells as they are written.
   * Cells have `text`, and where there are numbers `value`, `low` and `high`.
   */
  function sheet(heads, rows) {
    const ranged = heads.map((_, i) => rows.some(({ cells }) => cells[i].low != null));
    const head = heads.flatMap((name, i) => (ranged[i] ? [name, `${name}, low`, `${name}, high`] : [name]));
    const body = rows.map(({ id, cells }) => [id,
      ...cells.flatMap((cell, i) => [cell.value ?? cell.text, ...(ranged[i] ? [cell.low ?? "", cell.high ?? ""] : [])]),
      ...cells.map((cell) => cell.text)]);
    return [unique(["id", ...head, ...heads.map((name) => `${name}, as written`)]), ...body];
  }

  /**
   * Two records side by side: in what their environments differ, counts, ratios.
   * Counts of differing environments get no difference. What became worse comes first.
   * What only one of the two has is listed by its name.
   */
  function compare(a, b) {
    const theirs = new Map(b.fingerprint);
    const differing = a.fingerprint.filter(([name, value]) => theirs.get(name) !== value).map(([name]) => name);
    const only = { before: [], after: [] };
    const join = (left, right) => {
      const other = new Map(right.map((item) => [item.id, item]));
      const pairs = [];
      for (const item of left) {
        if (!other.has(item.id)) only.before.push(item.id);
        else pairs.push([item, other.get(item.id)]);
        other.delete(item.id);
      }
      only.after.push(...other.keys());
      return pairs;
    };
    const counts = [];
    for (const [before, after] of join(a.facts.cases, b.facts.cases)) {
      const uncounted = (own, others) => Object.keys(own.counts).filter((name) => others.counts[name] == null)
        .map((name) => `${own.id}: ${name.replaceAll("_", " ")}`);
      only.before.push(...uncounted(before, after));
      only.after.push(...uncounted(after, before));
      for (const [name, from] of Object.entries(before.counts)) {
        const to = after.counts[name];
        if (to == null) continue;
        const change = differing.length || from === 0 ? null : to / from - 1;
        const verdict = differing.length ? "" : to > from ? "slower" : to < from ? "faster" : "same";
        counts.push({ id: before.id, payload: before.payload, name, from, to, change, verdict });
      }
    }
    const ratios = join(a.facts.ratios, b.facts.ratios).map(([before, after]) => ({
      id: before.id, payload: before.payload, from: before, to: after, change: after.ratio / before.ratio - 1,
      // What a copy and an allocation cost against each other is the machine's as well.
      verdict: differing.includes("cpu") ? "" : after.low > before.high ? "slower" : after.high < before.low ? "faster" : "same",
    }));
    const rank = (row) => ["slower", "faster", "same", ""].indexOf(row.verdict);
    const worst = (rows) => rows.sort((p, q) => rank(p) - rank(q) || Math.abs(q.change ?? 0) - Math.abs(p.change ?? 0));
    return { differing, only, counts: worst(counts), ratios: worst(ratios) };
  }

  /** Points of a series of a history, from its compact form: see `dashboard/encode.rs`. */
  function expand(series, presence) {
    return series.parts.flatMap((part, group) => {
      const entries = [];
      const runs = presence[part.at];
      for (let i = 0; i < runs.length; i += 2) for (let n = 0; n < runs[i + 1]; n++) entries.push(runs[i] + n);
      if (part.ratio) {
        const [value, below, above] = part.ratio;
        return entries.map((x, i) => ({ x, group, y: value[i] / 1e5, low: (value[i] - below[i]) / 1e5, high: (value[i] + above[i]) / 1e5 }));
      }
      let next = 0, y = 0;
      return entries.map((x, i) => {
        if (part.count[next] === i) { y = part.count[next + 1]; next += 2; }
        return { x, group, y, low: y, high: y };
      });
    }).sort((a, b) => a.x - b.x);
  }

  return {
    expand, DEFAULTS, parseState, formatState, parseList, formatList, matches, shows, order, sorting, zoomed, nearest, ticks,
    significant, format, formatTick, csv, sheet, compare,
  };
})();
if (typeof module !== "undefined") module.exports = Core;
