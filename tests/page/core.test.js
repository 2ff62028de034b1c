// The page's computations, without a page.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

const require = createRequire(import.meta.url);
const Core = loadCore();

/** The file is a plain script for the page; as CommonJS it exports what it defines. */
function loadCore() {
  const { readFileSync } = require("node:fs");
  const file = new URL("../../bench-report/src/assets/core.js", import.meta.url);
  const module = { exports: {} };
  new Function("module", readFileSync(file, "utf8"))(module);
  return module.exports;
}

test("a state survives its own address, key by key", () => {
  const state = {
    record: "a=b", measure: "instructions", scale: "linear", payload: "blob", q: "bytes & <b> #1", same: "hide", theme: "dark",
    sort: "r0-ratios:2:desc", zoom: "p:1:2", off: "p:0:3", a: "one", b: "two (2)", at: "compare", only: "slower", order: "name",
    series: "drain/x/arena ratio drain/x/alloc", open: "r0-growth-numbers,latest-numbers",
  };
  assert.deepEqual(Object.keys(state).sort(), Object.keys(Core.DEFAULTS).sort(), "no key is left out here");
  for (const [key, value] of Object.entries(state)) assert.notEqual(value, Core.DEFAULTS[key], key);
  assert.deepEqual(Core.parseState(Core.formatState(state)), state);
});

test("a value that a control does not have is passed by", () => {
  const allowed = { measure: ["wall", "instructions"] };
  assert.equal(Core.parseState("#measure=x", allowed).measure, "wall");
  assert.equal(Core.parseState("#measure=instructions&q=x", allowed).measure, "instructions");
  assert.equal(Core.parseState("#measure=instructions&q=x", allowed).q, "x", "what is not listed may be anything");
});

test("a table is sorted by columns that it has", () => {
  assert.deepEqual(Core.sorting(["2", "desc"], 3), { column: 2, descending: true });
  for (const odd of [undefined, [], ["length"], ["3"], ["-1"], ["1.5"], ["constructor"]]) assert.equal(Core.sorting(odd, 3), null);
});

test("a zoom is one that its axis can show", () => {
  assert.deepEqual(Core.zoomed(["1", "20.5"], true), [1, 20.5]);
  assert.deepEqual(Core.zoomed(["-1", "1"], false), [-1, 1]);
  for (const odd of [undefined, ["1"], ["2", "1"], ["a", "b"], ["1", "Infinity"], ["0", "1"], ["1", "2", "3"]]) {
    assert.equal(Core.zoomed(odd, true), null);
  }
});

test("what is as by default does not stand in the address", () => {
  assert.equal(Core.formatState(Core.DEFAULTS), "");
  assert.equal(Core.formatState({ ...Core.DEFAULTS, same: "hide" }), "#same=hide");
});

test("a bare word in the address is a place on the page", () => {
  assert.equal(Core.parseState("#r0-growth").at, "r0-growth");
  assert.equal(Core.parseState("#%E0%A4%A").at, "", "what cannot be decoded is none");
});

test("unknown keys in an address are passed by", () => {
  assert.deepEqual(Core.parseState("#colour=red&__proto__=x"), Core.DEFAULTS);
});

test("lists in one value come back as they were", () => {
  const map = new Map([["r0-ratios", ["2", "asc"]], ["r0-growth", ["1", "desc"]]]);
  assert.deepEqual(Core.parseList(Core.formatList(map)), map);
  assert.equal(Core.parseList("").size, 0);
});

test("a filter takes every word, wherever it stands in the id", () => {
  const item = { id: "drain/bytes-4KiB/arena", payload: "bytes", verdict: "same" };
  const state = (changes) => ({ ...Core.DEFAULTS, ...changes });
  assert.ok(Core.matches(item, state({ q: "arena BYTES" })));
  assert.ok(!Core.matches(item, state({ q: "alloc" })));
  assert.ok(!Core.matches(item, state({ payload: "u64" })));
  assert.ok(!Core.matches(item, state({ same: "hide" })));
  assert.ok(Core.matches({ ...item, payload: "" }, state({ payload: "u64" })), "what has no payload is of all");
});

test("a point is shown by the payload of its line and a verdict of its own, whatever its note says", () => {
  const state = (changes) => ({ ...Core.DEFAULTS, ...changes });
  const point = { id: "drain/u64/arena", verdict: "same", note: "slower" };
  assert.ok(Core.shows({ payload: "u64" }, point, state({ payload: "u64" })));
  assert.ok(!Core.shows({ payload: "u64" }, point, state({ payload: "blob" })));
  assert.ok(!Core.shows({ payload: "u64" }, point, state({ same: "hide" })));
  assert.ok(Core.shows({}, { id: "c", note: "Commit 1; exact" }, state({ only: "slower", payload: "u64" })), "what has none passes");
});

test("rows are ordered as numbers, then as words, then the empty ones, in either direction", () => {
  const values = ["b", 2, "", 10, "a", -1];
  assert.deepEqual(Core.order(values, false).map((i) => values[i]), [-1, 2, 10, "a", "b", ""]);
  assert.deepEqual(Core.order(values, true).map((i) => values[i]), [10, 2, -1, "b", "a", ""]);
});

test("equal rows keep their order", () => {
  assert.deepEqual(Core.order([1, 1, 1], true), [0, 1, 2]);
});

test("the nearest place counts only within reach", () => {
  const places = [{ x: 0, y: 0 }, { x: 10, y: 0 }];
  assert.equal(Core.nearest(places, 8, 1, 5), 1);
  assert.equal(Core.nearest(places, 5, 40, 5), -1);
});

test("ticks are round and lie within the axis", () => {
  assert.deepEqual(Core.ticks("bytes", true, 60, 70000), [64, 256, 1024, 4096, 16384, 65536]);
  assert.deepEqual(Core.ticks("ns", true, 3, 30), [5, 10, 20]);
  for (const [unit, log, low, high] of [["ratio", false, .43, 1.08], ["ns", false, 0, 7e4], ["bytes", true, 50000, 70000], ["count", true, 101, 120]]) {
    const ticks = Core.ticks(unit, log, low, high);
    assert.ok(ticks.length >= 2 && ticks.length <= 9, `${ticks}`);
    assert.ok(ticks.every((t) => t >= low && t <= high), `${ticks}`);
  }
});

test("ticks of an absurd axis are few, and there is an end to looking for them", () => {
  const ends = [-1, 0, 1e-300, 1, 1 + 2 ** -52, 1e16, 1e16 + 2, 1e308, Infinity, NaN];
  for (const unit of ["bytes", "ns", "ratio", "index"]) {
    for (const log of [true, false]) {
      for (const low of ends) {
        for (const high of ends) assert.ok(Core.ticks(unit, log, low, high).length <= 20, `${unit} ${low} ${high}`);
      }
    }
  }
});

test("numbers are written as the report's own code writes them", () => {
  const { readFileSync } = require("node:fs");
  const examples = JSON.parse(readFileSync(new URL("numbers.json", import.meta.url), "utf8"));
  for (const [kind, cases] of Object.entries(examples)) {
    const [name, unit] = kind.split(" ");
    const write = unit ? (value) => Core.formatTick(unit, value)
      : name === "significant" ? Core.significant : (value) => Core.format(name, value);
    for (const [value, written] of cases) assert.equal(write(value), written, `${kind} of ${value}`);
  }
});

test("CSV quotes what needs it and disarms formulas, not numbers", () => {
  assert.equal(Core.csv([["a,b", 'say "x"', "=1+1", -1.5, null]]), '"a,b","say ""x""",\'=1+1,-1.5,\r\n');
});

test("a table is taken along with the ends of its intervals as numbers and its verdicts as words", () => {
  const cells = [{ text: "x" }, { text: "0.9 [0.8 to 1]", value: .9, low: .8, high: 1 }, { text: "faster" }];
  const sheet = Core.sheet(["item", "ratio", "verdict"], [{ id: "c", cells }, { id: "d", cells: [{ text: "y" }, { text: "–" }, { text: "same" }] }]);
  assert.deepEqual(sheet, [
    ["id", "item", "ratio", "ratio, low", "ratio, high", "verdict", "item, as written", "ratio, as written", "verdict, as written"],
    ["c", "x", .9, .8, 1, "faster", "x", "0.9 [0.8 to 1]", "faster"],
    ["d", "y", "–", "", "", "same", "y", "–", "same"],
  ]);
});

test("no two columns of a table share a name, whatever a record is called", () => {
  const cells = [1, 2, 3].map((value) => ({ text: String(value), value }));
  const [head, row] = Core.sheet(["id", "run", "run"], [{ id: "c", cells }]);
  assert.equal(new Set(head).size, head.length, String(head));
  assert.equal(head.length, row.length);
});

const record = (changes = {}) => ({
  name: "a",
  fingerprint: [["cpu", "x"], ["libc", "y"]],
  facts: {
    cases: [{ id: "c", payload: "u64", counts: { instructions: 100, allocations: 0, calls: 1 } }],
    ratios: [{ id: "r", payload: "u64", ratio: 1, low: .99, high: 1.01 }],
  },
  ...changes,
});

test("counts of one environment are subtracted", () => {
  const after = record({ facts: { cases: [{ id: "c", counts: { instructions: 103, allocations: 0, calls: 1, retries: 2 } }], ratios: [] } });
  const { differing, counts } = Core.compare(record(), after);
  assert.deepEqual(differing, []);
  assert.equal(counts[0].name, "instructions");
  assert.ok(Math.abs(counts[0].change - .03) < 1e-12);
  assert.deepEqual(counts.map((row) => row.verdict), ["slower", "same", "same"]);
});

test("counts of differing environments are not, and what differs is named", () => {
  const { differing, counts } = Core.compare(record(), record({ fingerprint: [["cpu", "z"], ["libc", "y"]] }));
  assert.deepEqual(differing, ["cpu"]);
  assert.ok(counts.every((row) => row.change === null && row.verdict === ""));
});

test("what only one of two records has is named", () => {
  const after = record({ facts: {
    cases: [{ id: "c", counts: { instructions: 100, allocations: 0, retries: 2 } }, { id: "new", counts: {} }],
    ratios: [{ id: "other", ratio: 1, low: 1, high: 1 }],
  } });
  assert.deepEqual(Core.compare(record(), after).only, { before: ["c: calls", "r"], after: ["new", "c: retries", "other"] });
  assert.deepEqual(Core.compare(record(), record()).only, { before: [], after: [] });
});

test("ratios of two runs are apart only where their intervals are", () => {
  const ratio = (low, high) => record({ facts: { cases: [], ratios: [{ id: "r", ratio: (low + high) / 2, low, high }] } });
  const verdict = (low, high) => Core.compare(record(), ratio(low, high)).ratios[0].verdict;
  assert.deepEqual([verdict(1.02, 1.03), verdict(1.0, 1.03), verdict(.9, .95)], ["slower", "same", "faster"]);
});

test("a series comes out of its compact form as it went in", () => {
  const presence = [[0, 2, 5, 1], [2, 3]];
  const counts = { parts: [{ at: 0, count: [0, 10, 2, 12] }, { at: 1, count: [0, 9] }] };
  assert.deepEqual(Core.expand(counts, presence).map(({ x, y, group }) => [x, y, group]),
    [[0, 10, 0], [1, 10, 0], [2, 9, 1], [3, 9, 1], [4, 9, 1], [5, 12, 0]]);
  const ratio = { parts: [{ at: 1, ratio: [[90000, 100000, 101000], [10, 20, 30], [1, 2, 3]] }] };
  assert.deepEqual(Core.expand(ratio, presence)[1], { x: 3, group: 0, y: 1, low: .9998, high: 1.00002 });
});
