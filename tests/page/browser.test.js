// The report's page in a real browser: what a reader does with mouse and keyboard.
// PAGES is a folder of pages made for these tests, BROWSER a Chromium; `scripts/test-page` sets both up.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test as nodeTest } from "node:test";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";

const require = createRequire(import.meta.url);
const { PAGES, BROWSER, LARGE } = process.env;
const skip = !PAGES && "run by `cargo test --test workbench page::`, which makes the pages";
/** Milliseconds that anything may take: a machine that is busy otherwise is slow, not wrong. */
const PATIENCE = 60_000;
const test = (name, body) => nodeTest(name, { skip, timeout: 4 * PATIENCE }, body);
let browser;
const axe = () => readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

before(async () => {
  if (skip && !LARGE) return;
  const { chromium } = require("playwright-core");
  browser = await chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
});
after(() => browser?.close());

/** Opens a page and fails on anything it complains of or asks for. */
async function open(name, { hash = "", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.stack));
  page.on("dialog", (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    const own = request.isNavigationRequest() && request.url().startsWith("file:");
    if (!own && !request.url().startsWith("blob:")) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(pathToFileURL(`${PAGES}/${name}/index.html`).href + hash);
  page.done = async () => {
    assert.deepEqual(complaints, []);
    await context.close();
  };
  page.state = () => page.evaluate(() => Object.fromEntries(new URLSearchParams(location.hash.slice(1))));
  page.visible = (selector) => page.locator(selector).filter({ visible: true });
  return page;
}

/** Waits until what `ask` tells is as expected, or matches it; a failure shows what it was instead. */
async function becomes(ask, expected, message) {
  const fits = (told) => (expected instanceof RegExp ? expected.test(told) : isDeepStrictEqual(told, expected));
  const deadline = Date.now() + PATIENCE;
  let told = await ask();
  while (!fits(told) && Date.now() < deadline) told = await ask();
  if (expected instanceof RegExp) assert.match(told, expected, message);
  else assert.deepEqual(told, expected, message);
}

/** Brings every chart that is shown to life, as scrolling down the page does. */
async function scroll(page) {
  await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    for (const figure of document.querySelectorAll(".chart")) {
      if (!figure.checkVisibility()) continue;
      figure.scrollIntoView();
      while (!figure.querySelector("canvas")) await frame();
    }
    scrollTo(0, 0);
  });
}

/** Puts the keyboard there, which what cannot have it would pass by in silence. */
async function focus(locator) {
  await locator.focus();
  assert.ok(await locator.evaluate((node) => node === document.activeElement), `${locator} has the focus`);
}

async function violations(page) {
  await page.evaluate(axe());
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`).join("\n")}`);
}

// Colours do not depend on the width, nor the layout on the colours: two looks show all four.
const looks = [
  ["light and wide", {}],
  ["dark and narrow", { viewport: { width: 375, height: 800 }, colorScheme: "dark" }],
];
for (const [look, options] of looks) {
  test(`the page is without fault and accessible, ${look}`, async () => {
    const page = await open("small", options);
    await scroll(page);
    await page.evaluate(() => document.querySelectorAll("details").forEach((node) => { node.open = true; }));
    assert.ok(await page.locator(".chart.live canvas").count() >= 3);
    assert.deepEqual(await violations(page), []);
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overhang <= 0, `${overhang} pixels wider than the window`);
    await page.done();
  });
}

test("without scripts the plots and tables remain", async () => {
  const page = await open("report", { javaScriptEnabled: false });
  assert.ok(await page.locator("#r2-ratio .plot svg").first().isVisible());
  assert.ok(await page.locator("#r2-ratios").isVisible());
  assert.ok(await page.locator("#r2-answer-1").isVisible());
  assert.ok(!await page.locator("#toolbar").isVisible(), "no control that would do nothing");
  await page.done();
});

test("without scripts the dashboard's charts, changes and newest values remain", async () => {
  const page = await open("dashboard", { javaScriptEnabled: false });
  assert.ok(await page.locator("#small-charts .spark").first().isVisible());
  assert.match(await page.locator("#small-charts figure[data-key^='drain/case-000/arena ratio'] figcaption").textContent(), /000000140000 \+[45]\.?\d*%/);
  assert.ok(await page.locator("#all-commits").isVisible());
  const latest = page.locator("#all-latest");
  assert.ok(!await latest.isVisible(), "folded");
  await page.locator("#latest-numbers summary").click();
  assert.match(await latest.locator("tr[data-id='drain/case-001/arena instructions_per_item']").innerText(), /75.*0000003b0000.*0000001e0000 \+4\.29%/s);
  assert.ok(!await page.locator("#toolbar").isVisible(), "no control that would do nothing");
  await page.done();
});

test("every control of the toolbar works by mouse", async () => {
  const page = await open("report");
  await page.getByText("instructions", { exact: true }).first().click();
  await page.getByText("linear", { exact: true }).click();
  await page.locator("select[name=payload]").selectOption("bytes");
  await page.locator("input[name=q]").fill("arena");
  await page.locator("input[name=same]").click();
  await page.locator("select[name=theme]").selectOption("dark");
  await page.locator("select[name=record]").selectOption("before");
  await becomes(page.state, {
    record: "before", measure: "instructions", scale: "linear", payload: "bytes", q: "arena", same: "hide", theme: "dark",
  });
  assert.ok(await page.locator("#r1").isVisible() && !await page.locator("#r2").isVisible());
  await becomes(() => page.visible("#r1-ratios tbody tr").count(), 11, "bytes in six sizes and two decodes, without the one that is the same");
  await becomes(() => page.visible(".chart[data-measure=wall]").count(), 0);
  await page.getByRole("button", { name: "Reset" }).click();
  await becomes(page.state, {});
  await becomes(() => page.visible("#r2-ratios tbody tr").count(), 32);
  await page.done();
});

test("every control of the toolbar works by keyboard alone", async () => {
  const page = await open("report");
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  await focus(page.locator("select[name=record]"));
  await press("b", "Tab", "ArrowRight", "Tab", "ArrowRight", "Tab", "b", "Tab");
  await page.keyboard.type("arena");
  await press("Tab", "Space", "Tab", "d");
  const { record, measure, scale, payload, q, same, theme } = await page.state();
  assert.deepEqual([record, measure, scale, q, same, theme], ["before", "instructions", "linear", "arena", "hide", "dark"]);
  assert.match(payload, /^b/);
  await press("Tab", "Enter");
  await becomes(page.state, {});
  await page.done();
});

test("a chart tells its points to the mouse and zooms to what is dragged", async () => {
  const page = await open("report");
  const chart = page.locator("#r2-item-size-bytes-wall");
  await scroll(page);
  await chart.scrollIntoViewIfNeeded();
  const over = chart.locator(".u-over");
  const box = await over.boundingBox();
  const tip = chart.locator(".tooltip");
  for (let y = 10; y < box.height && !await tip.isVisible(); y += 12) await page.mouse.move(box.x + box.width / 2, box.y + y);
  assert.match(await tip.innerText(), /[nµ]s \[.* to .*\][^]*drain\/bytes-/);
  await page.mouse.move(box.x + box.width * .3, box.y + 90);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * .7, box.y + 90, { steps: 5 });
  await page.mouse.up();
  await becomes(async () => (await page.state()).zoom, /^item-size-bytes-wall:\d/);
  await page.mouse.dblclick(box.x + 50, box.y + 50);
  await becomes(async () => (await page.state()).zoom, undefined);
  await chart.getByRole("button", { name: "alloc", exact: true }).click();
  await becomes(async () => (await page.state()).off, "item-size-bytes-wall:2");
  assert.equal(await chart.getByRole("button", { name: "alloc", exact: true }).getAttribute("aria-pressed"), "false");
  await page.done();
});

test("a chart is read and zoomed by keyboard", async () => {
  const page = await open("report");
  const chart = page.locator("#r2-item-size-bytes-wall");
  await focus(chart.locator(".plot"));
  const told = () => page.locator("#live").textContent();
  await page.keyboard.press("ArrowRight");
  await becomes(told, /^arena, .*drain\/bytes-64B\/arena/);
  await page.keyboard.press("ArrowRight");
  await becomes(told, /drain\/bytes-256B\/arena/);
  await page.keyboard.press("ArrowDown");
  await becomes(told, /drain\/bytes-256B\/arena\/borrowed/);
  await page.keyboard.press("+");
  await becomes(async () => (await page.state()).zoom, /^item-size-bytes-wall:/);
  await page.keyboard.press("0");
  await becomes(async () => (await page.state()).zoom, undefined);
  await page.keyboard.press("Escape");
  assert.ok(!await chart.locator(".tooltip").isVisible());
  await focus(chart.getByRole("button", { name: "arena", exact: true }));
  await page.keyboard.press("Enter");
  await becomes(async () => (await page.state()).off, "item-size-bytes-wall:0");
  await page.done();
});

test("keys that are the browser's own pass a chart by", async () => {
  const page = await open("report");
  const chart = page.locator("#r2-item-size-bytes-wall");
  await focus(chart.locator(".plot"));
  const taken = await chart.locator(".plot").evaluate((plot) => {
    const press = (key, modifier) => plot.dispatchEvent(new KeyboardEvent("keydown", { key, [modifier]: true, cancelable: true }));
    return ["ctrlKey", "metaKey", "altKey"].flatMap((modifier) => ["+", "-", "0", "ArrowLeft", "ArrowRight"].filter((key) => !press(key, modifier)));
  });
  assert.deepEqual(taken, []);
  assert.deepEqual(await page.state(), {});
  assert.equal(await page.locator("#live").textContent(), "");
  await page.done();
});

test("each payload has a ratio chart of its own, and the filter leaves the chosen one", async () => {
  const page = await open("report", { hash: "#payload=u64" });
  const titles = () => page.visible("#r2-ratio .chart").evaluateAll((all) => all.map((figure) => figure.dataset.panel));
  await becomes(titles, ["ratio-u64-wall"]);
  await focus(page.locator("#r2-ratio-u64-wall .plot"));
  await page.keyboard.press("ArrowRight");
  await becomes(() => page.locator("#live").textContent(), /^u64, .*drain\/u64\/arena/);
  await page.locator("select[name=payload]").selectOption("");
  await becomes(async () => (await titles()).length, 5);
  await page.done();
});

test("the answer and what to do stand under the title, of the record that is shown", async () => {
  const page = await open("report");
  const told = page.visible("header .told");
  assert.equal(await told.count(), 1);
  assert.match(await told.innerText(), /^The arena is /);
  assert.match(await page.visible("header .todo").innerText(), /Use the arena for/);
  const top = (locator) => locator.evaluate((node) => node.getBoundingClientRect().top);
  assert.ok(await top(told) < await top(page.locator("nav")), "before the links");
  assert.match(await page.locator(".made q").first().innerText(), /Encode into the host's buffer/);
  await page.done();
});

for (const width of [390, 800, 1400]) {
  test(`no page scrolls sideways at ${width} pixels`, async () => {
    for (const name of ["report", "untimed", "dashboard"]) {
      const page = await open(name, { viewport: { width, height: 900 } });
      await scroll(page);
      await page.evaluate(() => document.querySelectorAll("details").forEach((node) => { node.open = true; }));
      const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overhang <= 0, `${name}: ${overhang} pixels wider than the window`);
      await page.done();
    }
  });
}

test("a filter without a hit says so, in tables and in place of charts", async () => {
  const page = await open("report", { hash: "#q=no-such-case" });
  assert.ok(await page.visible("#r2-ratio .none").isVisible());
  assert.equal(await page.visible("#r2-ratio .chart").count(), 0);
  assert.match(await page.locator(".table:has(#r2-ratios) .count").innerText(), /No row matches/);
  await page.locator("input[name=q]").fill("u64");
  await becomes(() => page.visible("#r2-ratio .none").count(), 0);
  await page.done();
});

test("captions follow the axes and the measure", async () => {
  const page = await open("report");
  const caption = () => page.visible("#r2-item-size .chart figcaption small").first().innerText();
  await becomes(caption, "time per item, logarithmic");
  await page.getByText("linear", { exact: true }).click();
  await becomes(caption, "time per item, linear");
  await page.getByText("instructions", { exact: true }).first().click();
  await becomes(caption, "instructions per item, linear");
  await page.done();
});

test("the waterfall and the forest plot are on the page, and no bar is clipped", async () => {
  const page = await open("report");
  assert.equal(await page.visible("#r2-ladder .waterfall svg").count(), 3);
  assert.equal(await page.visible("#r2-ratio .forest-plot svg").count(), 1);
  const beyond = await page.locator("#r2-ladder .waterfall svg").evaluateAll((all) => all.flatMap((svg) => {
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    return [...svg.querySelectorAll("rect, text")].map((node) => node.getBBox())
      .filter((box) => box.x < 0 || box.x + box.width > width || box.y + box.height > height);
  }));
  assert.deepEqual(beyond, []);
  await page.done();
});

test("print has the static plots and no controls", async () => {
  const page = await open("report");
  await scroll(page);
  await page.emulateMedia({ media: "print" });
  const chart = page.locator("#r2-item-size-bytes-wall");
  assert.ok(await chart.locator(".static svg").isVisible());
  assert.ok(!await chart.locator("canvas").isVisible());
  assert.ok(!await page.locator("#toolbar").isVisible());
  await page.done();
});

test("what has no time is shown by its counts and said so, and quartiles are called so", async () => {
  const page = await open("untimed");
  await becomes(() => page.visible("#r0-growth .chart").count(), 3);
  await becomes(() => page.visible("#r0-growth .chart[data-measure=wall]").count(), 0);
  assert.match(await page.locator("#r0-growth .instead").innerText(), /no time was measured/);
  assert.equal(await page.visible("#r0-ratio .instead").count(), 0);
  await focus(page.locator("#r0-item-size-bytes-wall .plot"));
  await page.keyboard.press("ArrowRight");
  await becomes(() => page.locator("#live").textContent(), /ns, quartiles [\d.]+ ns to/);
  assert.match(await page.locator("#r0-item-size").textContent(), /, quartiles /);
  await page.done();
});

test("a chart answers the first key, however far down the page it lies", async () => {
  const page = await open("report");
  const told = await page.evaluate(() => {
    // In one go, so that no observer of the page can act in between.
    const plot = document.querySelector("#r2-item-size-blob-wall .plot");
    const early = plot.querySelector("canvas") !== null;
    plot.focus({ preventScroll: true });
    plot.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
    return { early, text: document.getElementById("live").textContent };
  });
  assert.equal(told.early, false, "it lies too far down to have come alive");
  assert.match(told.text, /^arena, .*drain\/blob-64B\/arena/);
  await page.done();
});

test("nothing moves when charts come alive", async () => {
  const page = await open("report");
  const height = () => page.evaluate(() => document.documentElement.scrollHeight);
  const before = await height();
  await scroll(page);
  assert.equal(await height(), before);
  await page.done();
});

test("tables sort by mouse and by keyboard", async () => {
  const page = await open("report");
  const table = page.locator("#r2-ratios");
  const first = () => table.locator("tbody tr").first().getAttribute("data-id");
  const head = table.getByRole("button", { name: "ratio", exact: true });
  await becomes(first, "drain/bytes-64KiB/arena", "losses first");
  await head.click();
  await becomes(first, "drain/u64/arena");
  assert.equal(await table.locator("th[aria-sort=ascending]").count(), 1);
  await focus(head);
  await page.keyboard.press("Enter");
  await becomes(first, "drain/bytes-64KiB/arena");
  await becomes(async () => (await page.state()).sort, "r2-ratios:2:desc");
  await page.keyboard.press("Enter");
  await becomes(page.state, {}, "the third time as it was");
  await page.done();
});

test("a table is taken along as CSV and as JSON, filtered as shown", async () => {
  const page = await open("report", { hash: "#q=u64+arena" });
  const tools = page.locator(".table:has(#r2-ratios) .table-tools");
  const load = async (name) => {
    const [download] = await Promise.all([page.waitForEvent("download"), tools.getByRole("button", { name }).click()]);
    return readFileSync(await download.path(), "utf8");
  };
  const csv = await load("CSV");
  assert.equal(csv.trim().split("\r\n").length, 2, csv);
  assert.match(csv, /drain\/u64\/arena,u64,8,0\.437,0\.434\d*,0\.439\d*,/);
  const [row] = JSON.parse(await load("JSON"));
  assert.equal(row.ratio, 0.437);
  assert.ok(row["ratio, low"] < row.ratio && row.ratio < row["ratio, high"], JSON.stringify(row));
  assert.ok(row["difference per item, low"] < row["difference per item, high"]);
  assert.equal(row.verdict, "faster");
  await page.done();
});

test("any two records are compared", async () => {
  const page = await open("report");
  const row = page.locator("#compare-counts tr[data-id='drain/u64/arena']", { hasText: "instructions per item" });
  assert.match(await page.locator("#compare .notice").innerText(), /cpu/, "the first and the last are of two machines");
  assert.doesNotMatch(await row.innerText(), /%/);
  const only = page.locator("#compare-only-after");
  assert.match(await only.innerText(), /Only in after/);
  assert.equal(await page.locator("#compare-only-before").count(), 0);
  await only.locator("summary").click();
  await becomes(async () => (await page.state()).open, "compare-only-after");
  assert.match(await only.innerText(), /growth\/spike\/alloc/);
  await only.locator("summary").click();
  await becomes(page.state, {});
  await page.locator("select[name=a]").selectOption("before");
  await becomes(() => row.innerText(), /\+3%/);
  assert.equal(await page.locator("#compare-result details").count(), 0, "both have the same cases");
  assert.equal(await page.locator("#compare .notice").count(), 0);
  await focus(page.locator("select[name=b]"));
  await page.keyboard.press("b");
  await becomes(page.state, { a: "before", b: "before" });
  await becomes(() => row.innerText(), /same/);
  await page.done();
});

test("an address brings back what it was taken from", async () => {
  const hash = "#record=before&measure=instructions&scale=linear&payload=blob&q=arena&same=hide&theme=dark&sort=r1-ratios%3A2%3Aasc&at=r1-ratio";
  const page = await open("report", { hash });
  assert.ok(await page.locator("#r1").isVisible());
  assert.equal(await page.locator("input[name=q]").inputValue(), "arena");
  assert.equal(await page.locator("select[name=payload]").inputValue(), "blob");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.equal(await page.locator("#r1-ratios tbody tr:not([hidden])").first().getAttribute("data-payload"), "blob");
  assert.equal(await page.evaluate(() => document.activeElement.id), "r1-ratio");
  await page.done();
});

test("a folded part that was opened is open at its address", async () => {
  const first = await open("report");
  await first.locator("#r2-growth-numbers > summary").click();
  await becomes(async () => (await first.state()).open, "r2-growth-numbers");
  await first.locator("#r2-answer-1-more summary").click();
  await becomes(async () => (await first.state()).open, "r2-answer-1-more,r2-growth-numbers");
  await first.locator("#r2-growth").getByRole("button", { name: "retries", exact: true }).click();
  const hash = await first.evaluate(() => location.hash);
  await first.done();
  const page = await open("report", { hash });
  assert.ok(await page.locator("#r2-growth table").isVisible());
  assert.equal(await page.locator("#r2-growth th[aria-sort=ascending]").innerText(), "retries");
  await page.getByRole("button", { name: "Reset" }).click();
  await becomes(page.state, {});
  assert.ok(!await page.locator("#r2-growth table").isVisible());
  await page.done();
});

test("an address with nonsense in it shows the page all the same", async () => {
  const odd = "#measure=x&scale=y&payload=none&theme=z&sort=r2-ratios:length,r2-strategies:99:asc&zoom=item-size-bytes-wall:0:Infinity&off=ratio-u64-wall:x";
  const page = await open("report", { hash: odd });
  await scroll(page);
  await becomes(() => page.visible("#r2-ratios tbody tr").count(), 32);
  assert.ok(await page.visible(".chart[data-measure=wall] canvas").count() > 3);
  await page.done();
});

test("links within the page lead to their section and keep the state", async () => {
  const page = await open("report", { hash: "#theme=dark" });
  await page.getByRole("link", { name: "Method" }).click();
  await becomes(page.state, { theme: "dark", at: "method" });
  assert.ok(await page.locator("#method h2").isVisible());
  await page.evaluate(() => document.querySelector("#method").blur());
  await focus(page.locator(".skip"));
  await page.keyboard.press("Enter");
  await becomes(async () => (await page.state()).at, "r2-answers");
  await page.done();
});

test("a command is copied", async () => {
  const page = await open("report", { permissions: ["clipboard-read", "clipboard-write"] });
  await page.locator("#r2-answer-1 .command button").click();
  await page.waitForFunction(() => /Copied|Selected/.test(document.getElementById("live").textContent));
  await page.done();
});

test("nothing that a record holds can run", async () => {
  const page = await open("hostile");
  await scroll(page);
  await page.evaluate(() => document.querySelectorAll("details").forEach((node) => { node.open = true; }));
  await page.locator("#r1-ratios").getByRole("button", { name: "ratio", exact: true }).click();
  await focus(page.visible("#r1-ratio .chart .plot").first());
  await page.keyboard.press("ArrowRight");
  await becomes(() => page.locator("#live").textContent(), /<img/, "an id is told as the text it is");
  await page.locator("select[name=a]").selectOption({ index: 1 });
  await page.locator("select[name=record]").selectOption({ index: 0 });
  await becomes(() => page.visible("#r0-ratios tbody tr").count(), 32);
  const id = await page.locator("#compare-counts tbody tr").first().getAttribute("data-id");
  assert.match(id, /<script>/);
  const [download] = await Promise.all([page.waitForEvent("download"),
    page.locator(".table:has(#compare-counts) .table-tools").getByRole("button", { name: "JSON" }).click()]);
  assert.equal(JSON.parse(readFileSync(await download.path(), "utf8"))[0].id, id);
  assert.equal(await page.evaluate(() => globalThis.hit), undefined);
  assert.equal(await page.locator("main img, header img").count(), 0);
  for (const made of await page.locator(".made").allInnerTexts()) assert.match(made, /<img/, "it is shown as the text it is");
  await page.done();
});

for (const [look, options] of looks) {
  test(`the dashboard is without fault and accessible, ${look}`, async () => {
    const page = await open("dashboard", { ...options, hash: "#series=drain%2Fcase-000%2Farena+ratio+drain%2Fcase-000%2Falloc" });
    await scroll(page);
    await page.evaluate(() => document.querySelectorAll("details").forEach((node) => { node.open = true; }));
    assert.ok(await page.locator("#detail-chart canvas").isVisible());
    assert.deepEqual(await violations(page), []);
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overhang <= 0, `${overhang} pixels wider than the window`);
    assert.equal(await page.evaluate(() => globalThis.hit), undefined);
    await page.done();
  });
}

test("the dashboard's charts are filtered and ordered by mouse", async () => {
  const page = await open("dashboard");
  // `content-visibility` leaves what was just put in its place without `innerText` until it is drawn.
  const order = () => page.visible("#small-charts figure").locator("a").allTextContents();
  const numbered = (...numbers) => numbers.map((number) => `drain/case-00${number}/arena`);
  await becomes(order, numbered(0, 2, 1, 3), "the regression, then the newer improvement, then the rest");
  await page.locator("select[name=order]").selectOption("name");
  await becomes(order, numbered(0, 1, 2, 3));
  await page.getByText("instructions", { exact: true }).first().click();
  await becomes(() => page.visible("#small-charts figure").count(), 8);
  await page.locator("input[name=q]").fill("case-001 arena");
  await becomes(() => page.visible("#small-charts figure").count(), 1);
  await page.getByRole("button", { name: "Reset" }).click();
  await page.locator("select[name=only]").selectOption("slower");
  await becomes(order, numbered(0));
  await becomes(page.state, { only: "slower" });
  await page.done();
});

test("the dashboard is filtered by payload, by mouse and by keyboard", async () => {
  const page = await open("dashboard");
  const payloads = page.locator("select[name=payload]");
  const charts = () => page.visible("#small-charts figure").locator("a").allTextContents();
  await payloads.selectOption("blob");
  await becomes(page.state, { payload: "blob" });
  await becomes(charts, ["drain/case-001/arena", "drain/case-003/arena"]);
  const changes = () => page.locator("#all-changes tbody tr:not([hidden])").count();
  await becomes(changes, 1);
  await focus(payloads);
  await page.keyboard.press("ArrowDown");
  await becomes(page.state, { payload: "bytes" });
  await becomes(charts, ["drain/case-000/arena", "drain/case-002/arena"]);
  await page.keyboard.press("Tab");
  await page.keyboard.type("case-002");
  await becomes(charts, ["drain/case-002/arena"]);
  await page.getByRole("button", { name: "Reset" }).click();
  await becomes(async () => (await charts()).length, 4);
  await page.done();
});

test("a small chart opens large, and a run of it leads to its comparison", async () => {
  const page = await open("dashboard");
  await focus(page.visible("#small-charts a").first());
  await page.keyboard.press("Enter");
  await becomes(async () => (await page.state()).series, /case-000/);
  const chart = page.locator("#detail-chart .plot");
  await focus(chart);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await becomes(() => page.locator("#live").textContent(), /^Synthetic 1,.*Commit number 2;.*000000020000/);
  await page.keyboard.press("Enter");
  const { a, b } = await page.state();
  assert.deepEqual([a, b], ["000000010000", "000000020000"]);
  assert.match(await page.locator("#compare .notice").innerText(), /cpu/, "two machines take turns");
  await page.getByRole("button", { name: "Back to all charts" }).click();
  assert.ok(!await page.locator("#detail").isVisible());
  await page.visible("#small-charts a").first().click();
  await becomes(() => page.locator("#detail").isVisible(), true);
  await page.goBack();
  await becomes(() => page.locator("#detail").isVisible(), false, "Back closes a series");
  await page.done();
});

test("an open series is whole, whichever filter it was found by", async () => {
  const page = await open("dashboard");
  await page.locator("select[name=only]").selectOption("slower");
  await page.visible("#small-charts a").first().click();
  await focus(page.locator("#detail-chart .plot"));
  await page.keyboard.press("ArrowRight");
  await becomes(() => page.locator("#live").textContent(), /Commit number 0;/);
  await page.getByRole("button", { name: "Reset" }).click();
  await page.getByText("instructions", { exact: true }).first().click();
  await page.locator("input[name=q]").fill("instructions case-001/arena");
  await page.locator("select[name=payload]").selectOption("blob");
  await page.visible("#small-charts a").first().click();
  await page.locator("#detail-numbers summary").click();
  await becomes(() => page.visible("#series-table tbody tr").count(), 60);
  await page.done();
});

test("the first run is compared with none before it", async () => {
  const page = await open("dashboard");
  assert.equal(await page.locator("#commits tbody tr").last().locator("th a").count(), 0);
  assert.equal(await page.locator("#commits tbody tr th a").count(), 59);
  await page.visible("#small-charts a").first().click();
  await focus(page.locator("#detail-chart .plot"));
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await becomes(() => page.locator("#live").textContent(), /No run before/);
  assert.equal((await page.state()).b, undefined);
  await page.done();
});

test("the dashboard starts with the newest run, and a commit is one row with its pages", async () => {
  const page = await open("dashboard");
  assert.match(await page.locator("header .told").innerText(), /0000003b0000: .*A\/A passed/);
  const rows = page.locator("#all-commits tbody tr");
  assert.match(await rows.first().innerText(), /worse/, "the worst first");
  const names = await rows.locator("th").allInnerTexts();
  assert.equal(new Set(names).size, names.length, "one row a commit");
  const to = await rows.first().getByRole("link", { name: "commit" }).getAttribute("href");
  assert.match(to, /^https:\/\/example\.org\/arena\/commit\/[0-9a-f]{40}$/);
  assert.match(await rows.first().getByRole("link", { name: "diff" }).getAttribute("href"), /compare\/[0-9a-f]{40}\.\.\.[0-9a-f]{40}$/);
  assert.match(await rows.first().innerText(), /arena-bench compare --against [0-9a-f]{12}/);
  const opens = rows.locator("details");
  assert.ok((await opens.count()) > 0, "a commit of several changes opens to them");
  await opens.first().locator("summary").click();
  assert.match(await opens.first().locator("li").first().innerText(), /^drain\/.* → .*(worse|suspect|better)/);
  assert.match(await page.locator(".machines").innerText(), /Synthetic 1[^]*Synthetic 2/);
  await page.done();
});

test("a change leads to the comparison of its commit with the run before", async () => {
  const page = await open("dashboard");
  await page.locator("#every-change > summary").click();
  const row = page.locator("#all-changes tr", { hasText: "70 → 73" });
  await row.getByRole("link").click();
  await becomes(async () => (await page.state()).at, "compare");
  const counts = page.locator("#compare-counts tr[data-id='drain/case-001/arena']", { hasText: "instructions per item" });
  assert.match((await counts.innerText()).replaceAll("_", " "), /70.*73.*\+4\.29%.*more/s);
  await page.done();
});

nodeTest("a large dashboard is painted within two seconds", { skip: !LARGE && "README.md says how to make one" }, async (t) => {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(`${LARGE}/index.html`).href);
  const paint = await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  const { loaded } = await page.evaluate(() => ({ loaded: performance.timing.loadEventEnd - performance.timing.navigationStart }));
  t.diagnostic(`first paint after ${Math.round(await paint.jsonValue())} ms, alive after ${loaded} ms`);
  assert.ok(await paint.jsonValue() < 2000);
});
