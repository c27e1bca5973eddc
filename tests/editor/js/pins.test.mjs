// Pins are kept beside the document, told, shared between tabs, and sorted by what the graph can use of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pins, sorted } from "../../../editor_static/js/store/pins.js";

function storage() {
  const map = new Map();
  return {
    map,
    getItem: (/** @type {string} */ key) => map.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void map.set(key, value),
    removeItem: (/** @type {string} */ key) => void map.delete(key),
  };
}

const TOOL = { kind: "tool", output: 1 };

test("a pin is kept for its graph, told to who listens, and gone without a trace once it is dropped", () => {
  const place = storage();
  const pins = new Pins("one", place);
  let told = 0;
  pins.subscribe(() => (told += 1));
  pins.put("a", TOOL);
  pins.put("team/b", { kind: "agent", output: "text" });
  assert.deepEqual(new Pins("one", place).get(), { a: TOOL, "team/b": { kind: "agent", output: "text" } });
  assert.deepEqual(new Pins("two", place).get(), {});
  pins.drop(["a", "team/b"]);
  assert.deepEqual([told, place.map.size, pins.get()], [3, 0, {}]);
});

test("what another tab pinned is neither lost nor overlooked", () => {
  const place = storage();
  const [here, there] = [new Pins("one", place), new Pins("one", place)];
  here.put("a", TOOL);
  there.put("b", TOOL);
  assert.deepEqual(Object.keys(there.get()), ["a", "b"]);
  here.reread();
  assert.deepEqual(here.get(), there.get());
});

test("what is no pin is not read, and where nothing can be kept they hold until the page is closed", () => {
  const place = storage();
  place.setItem("weft-pins:one", JSON.stringify({ a: TOOL, b: 3, c: { kind: "tool" }, d: { output: 1 } }));
  assert.deepEqual(new Pins("one", place).get(), { a: TOOL });
  place.setItem("weft-pins:one", "{");
  assert.deepEqual(new Pins("one", place).get(), {});
  const forbidden = () => {
    throw new Error("full");
  };
  for (const where of [null, { getItem: forbidden, setItem: forbidden, removeItem: forbidden }]) {
    const pins = new Pins("one", where);
    pins.put("a", TOOL);
    pins.put("b", TOOL);
    pins.drop(["a"]);
    assert.deepEqual(pins.get(), { b: TOOL });
  }
});

test("a pin whose node is gone, or of another kind, is stale", () => {
  const inline = { nodes: { inner: { kind: "agent" } } };
  const graph = /** @type {any} */ ({ nodes: { a: { kind: "tool" }, b: { kind: "agent" }, team: { kind: "subgraph", inline } } });
  const pins = { a: TOOL, b: TOOL, c: TOOL, "team/inner": { kind: "agent", output: "x" }, "team/gone": TOOL, "a/b": TOOL };
  assert.deepEqual(sorted(pins, graph), { fresh: { a: 1, "team/inner": "x" }, stale: ["b", "c", "team/gone", "a/b"] });
});
