// Two versions become one: what one side changed is there, what both changed waits for a person, and one undo takes it back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, isObject, meansTheSame, memberOf, valueAt } from "../../../editor_static/js/document/changes.js";
import { addNote, connect, disconnect, moveNote, removeNodes, setField, setNote } from "../../../editor_static/js/document/edits.js";
import { NO_HISTORY, record, undo } from "../../../editor_static/js/document/history.js";
import { allEdges, isShared, nodeAt, nodesOf, portOf } from "../../../editor_static/js/document/kinds.js";
import { differences } from "../../../editor_static/js/document/difference.js";
import { compare, isOpen, merged } from "../../../editor_static/js/document/merge.js";
import { broken, chance, randomEdit, samples } from "./support/random.mjs";

const ROUNDS = Number(process.env.WEFT_JS_ROUNDS ?? 400);
const STARTS = [...samples(), ...broken()];

const text = (/** @type {any} */ value) => JSON.stringify(value);
const conflicts = (/** @type {any} */ comparison) => comparison.pieces.filter((/** @type {any} */ piece) => piece.who === "conflict");
const done = (/** @type {any} */ graph, /** @type {any} */ ...edits) => edits.reduce((/** @type {any} */ now, /** @type {any} */ make) => apply(now, make(now).changes).graph, graph);
const set = (/** @type {any[]} */ ...path) => (/** @type {any} */ value) => (/** @type {any} */ graph) => setField(graph, path, value);

/** A document after some edits at random. */
function edited(/** @type {any} */ graph, /** @type {any} */ random, most = 4) {
  let now = graph;
  for (let count = 1 + random.below(most); count > 0; count -= 1) {
    const made = randomEdit(now, random);
    if (made && made.name !== "replace") now = apply(now, made.edit.changes).graph;
  }
  return now;
}

/** Choices at random for all that is in conflict, "both" where it is offered as a list. */
function chosen(/** @type {any} */ comparison, /** @type {any} */ random) {
  return Object.fromEntries(conflicts(comparison).map((/** @type {any} */ piece) => [piece.key, random.one(Array.isArray(piece.both) ? ["mine", "theirs", "both"] : ["mine", "theirs"])]));
}

/** Calls back with three documents at random; without something of it in the message a failure could not be found again. */
function rounds(/** @type {(given: { base: any, mine: any, theirs: any, random: any }) => void} */ look) {
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    const random = chance(seed);
    const base = edited(random.one(STARTS), random);
    const given = { base, mine: edited(base, random), theirs: edited(base, random), random };
    try {
      look(given);
    } catch (error) {
      throw new Error(`seed ${seed}: ${text(given).slice(0, 3000)}`, { cause: error });
    }
  }
}

test("where one side changed nothing the other is taken to the byte, and two that did the same are one", () => {
  rounds(({ base, mine }) => {
    for (const [other, here, there] of [["there", base, mine], ["here", mine, base], ["same", mine, mine]]) {
      const comparison = compare(base, here, there);
      assert.deepEqual(comparison.pieces.filter(({ who }) => who !== other), []);
      assert.equal(text(merged(comparison, {}).graph), text(mine), String(other));
    }
  });
});

test("it is the same from both sides: what is only here on one is only there on the other", () => {
  const turned = /** @type {any} */ ({ here: "there", there: "here", same: "same", conflict: "conflict" });
  rounds(({ base, mine, theirs }) => {
    const one = compare(base, mine, theirs).pieces.map(({ key, who }) => `${key} ${who}`);
    const other = compare(base, theirs, mine).pieces.map(({ key, who }) => `${key} ${turned[who]}`);
    // A text box that both have stands at one place here and at another there.
    assert.deepEqual(one.sort(), other.sort());
  });
});

test("a merge is one step, and undo gives back mine to the byte", () => {
  rounds(({ base, mine, theirs, random }) => {
    const comparison = compare(base, mine, theirs);
    const { graph, edit, open } = merged(comparison, chosen(comparison, random));
    assert.deepEqual(open, []);
    const step = record(NO_HISTORY, mine, edit, { now: 0 });
    assert.equal(text(step.graph), text(graph));
    assert.equal(text(undo(step.history, step.graph)?.graph), text(mine));
  });
});

test("taking one side in everything that is in conflict keeps what the other side did elsewhere", () => {
  rounds(({ base, mine, theirs }) => {
    const comparison = compare(base, mine, theirs);
    for (const side of /** @type {const} */ (["mine", "theirs"])) {
      const choices = Object.fromEntries(conflicts(comparison).map((/** @type {any} */ { key }) => [key, side]));
      const { graph } = merged(comparison, choices);
      const own = side === "mine" ? mine : theirs;
      const after = compare(base, own, graph);
      assert.deepEqual(after.pieces.filter(({ who, follows }) => who === "here" && follows === undefined).map(({ key }) => key), [], `${side} is lost`);
    }
  });
});

test("edits of different things come to the same as one after the other, without a question", () => {
  const VALUES = ["one", "two", "three"];
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    const random = chance(seed);
    const base = random.one(samples());
    const places = Object.keys(nodesOf(base)).flatMap((id) => [["nodes", id, "label"], ["nodes", id, "description"], ["layout", id]]);
    places.push(["title"], ["description"], ["output", "extra"], ["output", "more"], ["limits", "usd"], ["state", "fresh"]);
    const edits = places.filter(() => random.is()).map((path) => ({ isMine: random.is(), path, value: path[0] === "layout" ? [random.below(900), 8] : path[0] === "limits" ? 3 : path[0] === "state" ? { schema: true } : random.one(VALUES) }));
    const by = (/** @type {boolean} */ isMine) => edits.filter((edit) => edit.isMine === isMine).map(({ path, value }) => set(...path)(value));
    const [mine, theirs] = [done(base, ...by(true)), done(base, ...by(false))];
    const comparison = compare(base, mine, theirs);
    assert.deepEqual(conflicts(comparison), [], `seed ${seed}`);
    const { graph } = merged(comparison, {});
    assert.ok(meansTheSame(graph, done(mine, ...by(false))), `seed ${seed}`);
    assert.equal(text(Object.keys(graph)), text(Object.keys(done(mine, ...by(false)))), "the written order");
  }
});

test("every conflict is reported", () => {
  let found = 0;
  const differ = (/** @type {any} */ one, /** @type {any} */ other) => !meansTheSame(one, other);
  rounds(({ base, mine, theirs }) => {
    const { pieces } = compare(base, mine, theirs);
    const isReported = (/** @type {string} */ key) => pieces.some((piece) => piece.who === "conflict" && (piece.key === key || piece.key.startsWith(`${key}/`) || piece.key.startsWith(`${key} `)));
    const look = (/** @type {any[]} */ path, known = true) => {
      const [was, here, there] = [base, mine, theirs].map((graph) => valueAt(graph, path));
      if (!known || !differ(was, here) || !differ(was, there) || !differ(here, there)) return;
      found += 1;
      assert.ok(isReported(`/${path.join("/")}`), `/${path.join("/")}`);
    };
    for (const key of ["title", "description", "input"]) look([key]);
    const ids = new Set([base, mine, theirs].flatMap((graph) => Object.keys(nodesOf(graph))));
    for (const id of ids) {
      const [was, here, there] = [base, mine, theirs].map((graph) => memberOf(graph.nodes, id));
      const isEverywhere = [was, here, there].every(isObject);
      if (!isEverywhere || here.kind !== there.kind) look(["nodes", id]);
      else for (const field of ["label", "description", "prompt", "instructions", "model", "when", "tool", "options"]) look(["nodes", id, field]);
      if (isEverywhere) look(["layout", id]);
    }
  });
  assert.ok(ROUNDS < 400 || found > 30, `only ${found} conflicts were met`);
});

test("no wire goes that nobody took out, whatever is chosen", () => {
  const names = (/** @type {any} */ graph) => new Set(allEdges(graph).map(({ node, port, to }) => `${node} ${port} ${to}`));
  rounds(({ base, mine, theirs, random }) => {
    const comparison = compare(base, mine, theirs);
    const { graph } = merged(comparison, chosen(comparison, random));
    const [was, here, there, is] = [base, mine, theirs, graph].map(names);
    const inQuestion = new Set(conflicts(comparison).map((/** @type {any} */ piece) => String(piece.path[1])));
    for (const { node, port, to, edge } of [...allEdges(mine), ...allEdges(theirs)]) {
      const name = `${node} ${port} ${to}`;
      if (!isObject(edge) || to === undefined || !nodeAt(graph, node)) continue;
      const isEverywhere = here?.has(name) && there?.has(name);
      const isNew = !was?.has(name) && !inQuestion.has(node);
      if (isEverywhere || isNew) assert.ok(is?.has(name), name);
    }
  });
});

const START = {
  format: "weft/1", name: "g", state: { notes: { schema: true } },
  nodes: {
    a: { kind: "agent", model: "m", instructions: "Write", to: [{ node: "b" }] },
    b: { kind: "agent", instructions: "Check", to: [{ node: "c" }] },
    c: { kind: "end" },
  },
  layout: { a: [0, 0], b: [280, 0], c: [560, 0], $notes: [{ x: 0, y: 0, w: 200, h: 80, text: "one" }, { x: 0, y: 100, w: 200, h: 80, text: "two" }] },
};
const said = (/** @type {any} */ mine, /** @type {any} */ theirs) => compare(START, mine, theirs).pieces.map(({ key, who }) => `${key} ${who}`);

test("two fields of one node are two things, one field that both changed is a question", () => {
  const mine = done(START, set("nodes", "a", "model")("x"), set("nodes", "a", "instructions")("Mine"));
  const theirs = done(START, set("nodes", "a", "label")("Writer"), set("nodes", "a", "instructions")("Theirs"));
  assert.deepEqual(said(mine, theirs), ["/nodes/a/label there", "/nodes/a/model here", "/nodes/a/instructions conflict"]);
  const comparison = compare(START, mine, theirs);
  assert.deepEqual(merged(comparison, {}).open.map(({ key }) => key), ["/nodes/a/instructions"]);
  const { graph, open } = merged(comparison, { "/nodes/a/instructions": "theirs" });
  assert.deepEqual([open, nodeAt(graph, "a")], [[], { kind: "agent", label: "Writer", model: "x", instructions: "Theirs", to: [{ node: "b" }] }]);
  assert.deepEqual(Object.keys(/** @type {any} */ (nodeAt(graph, "a"))), ["kind", "label", "model", "instructions", "to"]);
});

test("a node that one side took out and the other changed is a question, and comes back with its wires", () => {
  const mine = done(START, (/** @type {any} */ graph) => removeNodes(graph, ["b"], { bridge: false }));
  const theirs = done(START, set("nodes", "b", "instructions")("Check twice"));
  const comparison = compare(START, mine, theirs);
  assert.deepEqual(conflicts(comparison).map((/** @type {any} */ { key, why }) => `${key} ${why}`), ["/nodes/b changed"]);
  const back = merged(comparison, { "/nodes/b": "theirs" }).graph;
  assert.equal(text(back), text(theirs));
  assert.equal(text(merged(comparison, { "/nodes/b": "mine" }).graph), text(mine));
});

test("a node that one side took out is a question if the other led a new wire to it; the wire is never dropped", () => {
  const mine = done(START, (/** @type {any} */ graph) => removeNodes(graph, ["b"], { bridge: false }));
  const theirs = done(START, (/** @type {any} */ graph) => connect(graph, { node: "a", on: "error", to: "b" }));
  const comparison = compare(START, mine, theirs);
  assert.deepEqual(conflicts(comparison).map((/** @type {any} */ { key, why }) => `${key} ${why}`), ["/nodes/b wired"]);
  const { graph, loose } = merged(comparison, { "/nodes/b": "mine" });
  assert.deepEqual(nodeAt(graph, "a")?.["to"], [{ on: "error", node: "b" }]);
  assert.deepEqual(loose, [{ node: "a", to: "b" }]);
  assert.equal(text(merged(comparison, { "/nodes/b": "theirs" }).graph), text(theirs));
});

test("one wire led elsewhere by both is a question; wires of different ports are not", () => {
  const lead = (/** @type {string} */ to) => (/** @type {any} */ graph) => ({ changes: [{ op: "put", path: ["nodes", "a", "to"], value: [{ node: to }] }], graph });
  assert.deepEqual(said(done(START, lead("c")), done(START, lead("a"))), ["/nodes/a/to ok conflict"]);
  const mine = done(START, lead("c"));
  const theirs = done(START, (/** @type {any} */ graph) => connect(graph, { node: "a", on: "error", to: "c" }));
  assert.deepEqual(said(mine, theirs), ["/nodes/a/to ok here", "/nodes/a/to error there"]);
  assert.deepEqual(nodeAt(merged(compare(START, mine, theirs), {}).graph, "a")?.["to"], [{ on: "error", node: "c" }, { node: "c" }]);
});

test("two conditions that both sides put before the same way can be kept both, if a person says so", () => {
  const before = (/** @type {string} */ when) => () => ({ changes: [{ op: "splice", path: ["nodes", "a", "to"], index: 0, drop: 0, items: [{ when, node: "c" }] }] });
  const one = done(START, before("state.x == 1"));
  const other = done(START, () => ({ changes: [{ op: "put", path: ["nodes", "a", "to"], value: [{ when: "state.y == 1", node: "a" }, { node: "b" }] }] }));
  const comparison = compare(START, one, other);
  const [piece] = conflicts(comparison);
  assert.equal(piece.what, "ways");
  assert.deepEqual(nodeAt(merged(comparison, { [piece.key]: "both" }).graph, "a")?.["to"], [{ when: "state.y == 1", node: "a" }, { when: "state.x == 1", node: "c" }, { node: "b" }]);
});

test("nodes that both added under one id can be kept both, each with its wires and what is written of it", () => {
  const mine = done(START, () => ({ changes: [{ op: "put", path: ["nodes", "d"], value: { kind: "agent", label: "Mine" } }, { op: "put", path: ["nodes", "c", "output"], value: { x: "{nodes.d.output}" } }, { op: "put", path: ["nodes", "b", "to"], value: [{ node: "c" }, { on: "error", node: "d" }] }, { op: "put", path: ["layout", "d"], value: [8, 8] }] }));
  const theirs = done(START, () => ({ changes: [{ op: "put", path: ["nodes", "d"], value: { kind: "agent", label: "Theirs" } }, { op: "put", path: ["layout", "d"], value: [16, 16] }] }));
  const first = compare(START, mine, theirs);
  assert.deepEqual(conflicts(first).map((/** @type {any} */ { key, both }) => `${key} ${both}`), ["/nodes/d apart"]);
  const comparison = compare(START, mine, theirs, new Set(["d"]));
  assert.deepEqual([conflicts(comparison), [...comparison.names]], [[], [["d", "d_2"]]]);
  const { graph, edit } = merged(comparison, {});
  const nodes = /** @type {any} */ (graph["nodes"]);
  assert.deepEqual([nodes.d.label, nodes.d_2.label, nodes.b.to[1], nodes.c.output], ["Theirs", "Mine", { on: "error", node: "d_2" }, { x: "{nodes.d_2.output}" }]);
  assert.deepEqual(/** @type {any} */ (graph["layout"]).d_2, [8, 8]);
  assert.equal(text(apply(mine, edit.changes).graph), text(graph));
});

test("what is inside a sub-flow is merged as what is outside", () => {
  const { layout: _layout, ...inner } = START;
  const base = { format: "weft/1", name: "outer", nodes: { s: { kind: "subgraph", inline: inner } } };
  const at = (/** @type {any[]} */ ...path) => set("nodes", "s", "inline", ...path);
  const comparison = compare(base, done(base, at("nodes", "a", "label")("Mine")), done(base, at("nodes", "b", "label")("Theirs"), at("title")("T")));
  assert.deepEqual(comparison.pieces.map(({ key, who }) => `${key} ${who}`), ["/nodes/s/inline/nodes/a/label here", "/nodes/s/inline/nodes/b/label there", "/nodes/s/inline/title there"]);
  const { nodes } = /** @type {any} */ (merged(comparison, {}).graph).nodes.s.inline;
  assert.deepEqual([nodes.a.label, nodes.b.label], ["Mine", "Theirs"]);
});

test("text boxes are known again when they were moved or rewritten", () => {
  const mine = done(START, (/** @type {any} */ graph) => moveNote(graph, 0, { x: 40, y: 40 }), (/** @type {any} */ graph) => addNote(graph, { x: 1, y: 1, w: 8, h: 8, text: "mine" }).edit);
  const theirs = done(START, (/** @type {any} */ graph) => setNote(graph, 1, "two, rewritten"), (/** @type {any} */ graph) => addNote(graph, { x: 2, y: 2, w: 8, h: 8, text: "theirs" }).edit);
  const comparison = compare(START, mine, theirs);
  assert.deepEqual(conflicts(comparison), []);
  const notes = /** @type {any} */ (merged(comparison, {}).graph).layout.$notes;
  assert.deepEqual(notes.map((/** @type {any} */ note) => [note.text, note.x]), [["one", 40], ["two, rewritten", 0], ["theirs", 2], ["mine", 1]]);
});

test("what is chosen last counts, and nothing is open once all is chosen", () => {
  const mine = done(START, set("title")("Mine"), set("nodes", "a", "model")("x"));
  const theirs = done(START, set("title")("Theirs"), set("nodes", "a", "model")("y"));
  const { pieces, ...rest } = compare(START, mine, theirs);
  const choices = /** @type {any} */ ({});
  for (const [place, piece] of pieces.entries()) {
    assert.equal(merged({ pieces, ...rest }, choices).open.length, pieces.length - place);
    assert.ok(isOpen(piece, choices));
    choices[piece.key] = place === 0 ? "mine" : "theirs";
  }
  const { graph, open } = merged({ pieces, ...rest }, choices);
  assert.deepEqual([open, graph["title"], nodeAt(graph, "a")?.["model"]], [[], "Mine", "y"]);
});

test("wires that lead to a branch or by a transfer stand side by side and are each their own", () => {
  const base = { format: "weft/1", name: "g", nodes: { f: { kind: "parallel-fork", to: [{ node: "x" }, { node: "y" }] }, x: { kind: "end" }, y: { kind: "end" }, z: { kind: "end" }, u: { kind: "end" } } };
  const mine = done(base, (/** @type {any} */ graph) => connect(graph, { node: "f", to: "z" }));
  const theirs = done(base, (/** @type {any} */ graph) => disconnect(graph, [{ node: "f", index: 0 }]), (/** @type {any} */ graph) => connect(graph, { node: "f", to: "u" }));
  const comparison = compare(base, mine, theirs);
  assert.deepEqual(conflicts(comparison), []);
  assert.deepEqual(nodeAt(merged(comparison, {}).graph, "f")?.["to"], [{ node: "y" }, { node: "u" }, { node: "z" }]);
});

test("what differs is told as its author would say it, with where to look at it", () => {
  const now = done(START, set("nodes", "a", "label")("Writer"), set("title")("T"), (/** @type {any} */ graph) => removeNodes(graph, ["c"], { bridge: false }), (/** @type {any} */ graph) => connect(graph, { node: "a", on: "error", to: "b", when: "true" }), (/** @type {any} */ graph) => setNote(graph, 0, "other"));
  const told = differences(START, now).map(({ what, subject, name, lead }) => `${what} ${subject} ${name} ${lead ?? "-"}`);
  assert.deepEqual(told, [
    "changed graph title /title",
    "changed node Writer /nodes/a/label",
    "added edge Writer → b /nodes/a/to/1",
    "removed edge b → c /nodes/b",
    "removed node c -",
    "changed note other /layout/$notes/0",
  ]);
  assert.deepEqual(differences(START, structuredClone(START)), []);
});

/** A document without what nobody means: empty lists and objects, and the order of what stands side by side. */
function meant(/** @type {any} */ value, key = "", /** @type {any} */ owner = undefined) {
  if (Array.isArray(value)) {
    const items = value.map((item) => meant(item));
    const place = (/** @type {any} */ item) => (key === "$notes" ? text(item) : key !== "to" ? "" : isShared(owner, portOf(owner, item)) ? `${portOf(owner, item)} ${text(item)}` : portOf(owner, item));
    return items.sort((one, other) => (place(one) < place(other) ? -1 : place(one) > place(other) ? 1 : 0));
  }
  if (!isObject(value)) return value;
  const isEmpty = (/** @type {any} */ inner) => typeof inner === "object" && inner !== null && Object.keys(inner).length === 0;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, meant(inner, name, value)]).filter(([, inner]) => !isEmpty(inner)));
}

test("of any two documents something is told exactly if they mean another thing", () => {
  rounds(({ base, mine }) => assert.equal(differences(base, mine).length === 0, meansTheSame(meant(base), meant(mine))));
});
