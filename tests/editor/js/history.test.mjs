// Every edit can be taken back to the very bytes, and done again; what it does not name it does not touch.

import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, between, isObject, valueAt } from "../../../editor_static/js/document/changes.js";
import { NO_HISTORY, record, redo, undo } from "../../../editor_static/js/document/history.js";
import { allEdges, nodesOf } from "../../../editor_static/js/document/kinds.js";
import { setField } from "../../../editor_static/js/document/edits.js";
import { broken, chance, randomEdit, samples } from "./support/random.mjs";

const ROUNDS = Number(process.env.WEFT_JS_ROUNDS ?? 300);
const EDITS = 30;

test("any sequence of edits is undone to the start and redone to the end, byte for byte", () => {
  const starts = [...samples(), ...broken()];
  const seen = new Map();
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    const random = chance(seed);
    const start = random.one(starts);
    const before = JSON.stringify(start);
    let graph = start;
    let history = NO_HISTORY;
    let now = 0;
    for (let number = 0; number < EDITS; number += 1) {
      const made = randomEdit(graph, random);
      if (!made) continue;
      seen.set(made.name, (seen.get(made.name) ?? 0) + 1);
      now += random.is() ? 400 : 5000;
      const was = graph;
      const wasText = JSON.stringify(was);
      ({ history, graph } = record(history, graph, made.edit, { now }));
      assert.equal(JSON.stringify(was), wasText, `${made.name} changed a value in place (seed ${seed})`);
      keepsWires(was, graph, made, seed);
      sharesWhatItLeaves(was, graph, made.edit);
      if (random.is(0.2)) {
        const back = undo(history, graph);
        const again = back && redo(back.history, back.graph);
        assert.equal(JSON.stringify(again?.graph), JSON.stringify(graph), `redo of ${made.name} (seed ${seed})`);
        if (again) ({ history, graph } = again);
      }
    }
    const end = JSON.stringify(graph);
    for (let back = undo(history, graph); back; back = undo(history, graph)) ({ history, graph } = back);
    assert.equal(JSON.stringify(graph), before, `seed ${seed}`);
    for (let on = redo(history, graph); on; on = redo(history, graph)) ({ history, graph } = on);
    assert.equal(JSON.stringify(graph), end, `seed ${seed}`);
  }
  if (ROUNDS >= 300) assert.ok(seen.size > 28, `only ${[...seen.keys()].join(" ")} were tried`);
});

const MAY_CUT = new Set(["disconnect", "disconnectSeveral", "reconnect", "reconnectSource", "moveRepeat", "removeOption", "replace", "group", "ungroup"]);

/** A wire between two nodes that stay is still there, or leads through nodes that are new. */
function keepsWires(/** @type {any} */ before, /** @type {any} */ after, /** @type {any} */ { name }, /** @type {number} */ seed) {
  if (MAY_CUT.has(name)) return;
  const fresh = new Set(Object.keys(nodesOf(after)).filter((id) => !Object.hasOwn(nodesOf(before), id)));
  const next = new Map();
  for (const { node, to } of allEdges(after)) if (to !== undefined) next.set(node, [...(next.get(node) ?? []), to]);
  for (const { node, to } of allEdges(before)) {
    if (to === undefined || !Object.hasOwn(nodesOf(after), node) || (Object.hasOwn(nodesOf(before), to) && !Object.hasOwn(nodesOf(after), to))) continue;
    const todo = [...(next.get(node) ?? [])];
    const met = new Set(todo);
    for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
      if (!fresh.has(id) && !(name === "spliceThere")) continue;
      for (const other of next.get(id) ?? []) if (!met.has(other)) { met.add(other); todo.push(other); }
    }
    assert.ok(met.has(to), `${name} lost the wire ${node} -> ${to} (seed ${seed})`);
  }
}

/** Nodes that no change names are the same objects before and after. */
function sharesWhatItLeaves(/** @type {any} */ before, /** @type {any} */ after, /** @type {any} */ edit) {
  if (edit.changes.some((/** @type {any} */ change) => change.path.length < 2)) return;
  const touched = new Set(edit.changes.filter((/** @type {any} */ change) => change.path[0] === "nodes").map((/** @type {any} */ change) => change.path[1]));
  for (const [id, node] of Object.entries(nodesOf(before))) {
    if (!touched.has(id)) assert.equal(nodesOf(after)[id], node);
  }
}

test("a node that was taken out and brought back stands where it stood", () => {
  const graph = { format: "weft/1", name: "n", nodes: { a: { kind: "agent", to: [{ node: "b" }] }, b: { kind: "agent" }, c: { kind: "end" } }, layout: { a: [0, 0], b: [1, 1], c: [2, 2] } };
  const { graph: without, inverse } = apply(graph, [{ op: "drop", path: ["nodes", "b"] }, { op: "drop", path: ["layout", "b"] }]);
  assert.deepEqual(Object.keys(nodesOf(without)), ["a", "c"]);
  assert.equal(JSON.stringify(apply(without, inverse).graph), JSON.stringify(graph));
});

test("typing in one field is one step until a pause, and undo gives what was there before it", () => {
  let graph = /** @type {any} */ ({ format: "weft/1", name: "n", nodes: { a: { kind: "agent", to: [] } } });
  const start = JSON.stringify(graph);
  let history = NO_HISTORY;
  ["h", "he", "hey"].forEach((text, number) => {
    ({ history, graph } = record(history, graph, setField(graph, ["nodes", "a", "prompt"], text, { typing: true }), { now: number * 900 }));
  });
  assert.equal(history.done.length, 1);
  assert.equal(history.done[0]?.changes.length, 1);
  assert.equal(valueAt(graph, ["nodes", "a", "prompt"]), "hey");
  assert.deepEqual(Object.keys(graph.nodes.a), ["kind", "prompt", "to"]);
  ({ history, graph } = record(history, graph, setField(graph, ["nodes", "a", "prompt"], "hey you", { typing: true }), { now: 4000 }));
  assert.equal(history.done.length, 2);
  for (let back = undo(history, graph); back; back = undo(history, graph)) ({ history, graph } = back);
  assert.equal(JSON.stringify(graph), start);
});

test("changes of one object's members mean the same together as one after the other", () => {
  const names = ["a", "b", "c", "d", "e", "1", "9", "10", "__proto__"];
  for (let seed = 0; seed < 20 * ROUNDS; seed += 1) {
    const random = chance(seed);
    const start = /** @type {any} */ ({ x: Object.fromEntries(names.filter(() => random.is()).map((name, place) => [name, place])) });
    const order = names.map((name) => ({ name, at: random.below(99) })).sort((one, other) => one.at - other.at).map(({ name }) => name);
    const drops = order.filter((name) => Object.hasOwn(start.x, name)).map((name) => ({ op: "drop", path: ["x", name] }));
    const puts = order.map((name, value) => ({ op: "put", path: ["x", name], value, before: random.is() ? random.one(names) : null }));
    const changes = /** @type {any[]} */ (random.is() ? drops : puts).slice(0, 1 + random.below(8));
    const whole = apply(start, changes);
    let graph = start;
    const inverse = [];
    for (const change of changes) {
      const step = apply(graph, [change]);
      graph = step.graph;
      inverse.unshift(...step.inverse);
    }
    assert.equal(JSON.stringify(whole), JSON.stringify({ graph, inverse }), `seed ${seed}`);
    assert.equal(JSON.stringify(apply(whole.graph, whole.inverse).graph), JSON.stringify(start), `seed ${seed}`);
  }
});

test("a change that does not fit is refused and leaves the document alone", () => {
  const graph = { format: "weft/1", name: "n", nodes: { a: { kind: "end" } } };
  for (const change of /** @type {any[]} */ ([
    { op: "put", path: ["nodes", "b", "x"], value: 1 },
    { op: "drop", path: ["nodes", "b"] },
    { op: "drop", path: ["nodes", "toString"] },
    { op: "splice", path: ["nodes"], index: 0, drop: 0, items: [] },
    { op: "put", path: ["nodes", "constructor", "x"], value: 1 },
  ])) assert.throws(() => apply(graph, [change]), { name: "MisfitChange" });
  assert.equal(isObject(graph.nodes), true);
});

test("the changes between two documents lead from one to the other, and back", () => {
  const all = [...samples(), ...broken()];
  for (let seed = 0; seed < 200; seed += 1) {
    const random = chance(seed);
    let [from, to] = [random.one(all), random.one(all)];
    for (let number = 0; number < 6; number += 1) {
      const made = randomEdit(to, random);
      if (made) to = apply(to, made.edit.changes).graph;
    }
    if (random.is()) from = to;
    const { graph, inverse } = apply(from, between(from, to));
    assert.equal(JSON.stringify(graph), JSON.stringify(to), `seed ${seed}`);
    assert.equal(JSON.stringify(apply(graph, inverse).graph), JSON.stringify(from), `seed ${seed}`);
  }
});
