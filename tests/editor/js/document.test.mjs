// Names, references, clipboard, sub-flows, fixes, places: what the editor knows of a document beside its changes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../../editor_static/js/document/changes.js";
import { copy, cut, duplicate, paste } from "../../../editor_static/js/document/clipboard.js";
import * as edits from "../../../editor_static/js/document/edits.js";
import { aligned, boxesOf, formOf, freePlace } from "../../../editor_static/js/document/geometry.js";
import { newId, portsOf } from "../../../editor_static/js/document/kinds.js";
import { asReference, complete, namesAt, stateInto } from "../../../editor_static/js/document/names.js";
import { outlineOf, loopsOf, topological, waysOf } from "../../../editor_static/js/document/order.js";
import { mentionsInExpression, mentionsInTemplate, rewritten } from "../../../editor_static/js/document/references.js";
import { judgeReconnect, judgeWire, kindsAfter, targetsFor } from "../../../editor_static/js/document/refusals.js";
import { samples } from "./support/random.mjs";

const graphOf = (/** @type {any} */ nodes, more = {}) => /** @type {any} */ ({ format: "weft/1", name: "g", ...more, nodes });
const after = (/** @type {any} */ graph, /** @type {any} */ edit) => /** @type {any} */ (apply(graph, edit.changes).graph);
const DRAFT = samples().find(({ name }) => name === "draft-and-review");
const agent = (/** @type {string[]} */ ...to) => ({ kind: "agent", to: to.map((node) => ({ node })) });

// --- references ---

test("names in a template are found where they stand, and other braces are text", () => {
  const text = 'Say {input.topic} and {key} {{input.no}} {"a": {"b": 1}} {nodes.a.output[0].x?}';
  assert.deepEqual(mentionsInTemplate(text).map(({ steps, isOptional, isShort }) => [steps, isOptional, isShort]), [
    [["input", "topic"], false, false],
    [["state", "key"], false, true],
    [["nodes", "a", "output", 0, "x"], true, false],
  ]);
});

test("names in an expression are found past strings, calls, loops and comments", () => {
  const text = `nodes.a.output.n > 1 && input["topic"] == "nodes.b.output" && state.l.exists(x, x == item) && has(nodes.c.output) // nodes.d
    && size(output.list) > 0 && nodes.e.?output.orValue(1) == 1`;
  assert.deepEqual(mentionsInExpression(text).map(({ steps, isOptional }) => `${steps.join(".")}${isOptional ? "?" : ""}`), [
    "nodes.a.output.n", "input.topic", "state.l", "item", "nodes.c.output?", "output.list", "nodes.e?",
  ]);
});

test("a rewritten text differs where the name stands and nowhere else", () => {
  const follow = (/** @type {any[]} */ steps) => (steps[1] === "a" ? [steps[0], "b", ...steps.slice(2)] : null);
  assert.equal(rewritten("{nodes.a.output?} {{nodes.a}} {a}", false, follow), "{nodes.b.output?} {{nodes.a}} {b}");
  assert.equal(rewritten("nodes . a.output  +  'nodes.a'", true, follow), "nodes.b.output  +  'nodes.a'");
});

// --- order ---

test("the outline lists branches together, loops indented, and a cycle last", () => {
  const graph = graphOf({
    start: { kind: "parallel-fork", to: [{ node: "a" }, { node: "b" }] },
    b: agent("meet"), a: agent("a2"), a2: agent("meet"),
    meet: { kind: "join", to: [{ node: "again" }] },
    again: { kind: "loop-back", max_iterations: 2, to: [{ on: "repeat", node: "start" }, { node: "end" }] },
    end: { kind: "end", to: [{ node: "start" }] },
    x: agent("y"), y: agent("x"),
  });
  assert.deepEqual(outlineOf(graph).map(({ id, depth }) => `${id}${depth}`), ["start1", "a1", "a21", "b1", "meet1", "again1", "end0", "x0", "y0"]);
  assert.deepEqual(topological(waysOf(graph)).length, 9);
});

test("bodies of nested loops are nested", () => {
  const graph = graphOf({
    a: agent("b"), b: agent("inner"),
    inner: { kind: "loop-back", max_iterations: 2, on_limit: "exit", to: [{ on: "repeat", node: "b" }, { node: "outer" }] },
    outer: { kind: "loop-back", max_iterations: 2, to: [{ on: "repeat", node: "a" }] },
  });
  assert.deepEqual(loopsOf(waysOf(graph)).map(({ header, body }) => [header, [...body].sort()]), [["a", ["a", "b", "inner", "outer"]], ["b", ["b", "inner"]]]);
});

// --- wires ---

test("a second wire on a port becomes a fork, a third one a branch of it", () => {
  const graph = graphOf({ a: agent("b"), b: agent(), c: agent(), d: agent() });
  const first = judgeWire(graph, { node: "a", to: "c" });
  assert.ok(!first.ok && first.wayOut);
  const forked = after(graph, first.wayOut.edit);
  assert.deepEqual(forked.nodes.a.to, [{ node: "a_fork" }]);
  assert.deepEqual(forked.nodes.a_fork, { kind: "parallel-fork", to: [{ node: "b" }, { node: "c" }] });
  const second = judgeWire(forked, { node: "a", to: "d" });
  assert.ok(!second.ok && second.wayOut);
  assert.deepEqual(after(forked, second.wayOut.edit).nodes.a_fork.to, [{ node: "b" }, { node: "c" }, { node: "d" }]);
});

test("a wire backwards becomes a loop-back with a bound, which goes on afterwards where the port did", () => {
  const graph = graphOf({ a: agent("b"), b: agent("c"), c: agent() });
  const plain = judgeWire(graph, { node: "c", to: "a" });
  assert.ok(!plain.ok && plain.wayOut);
  assert.deepEqual(after(graph, plain.wayOut.edit).nodes.c_again, { kind: "loop-back", max_iterations: 5, on_limit: "fail", to: [{ on: "repeat", node: "a" }] });
  const onward = judgeWire(graph, { node: "b", to: "a" });
  assert.ok(!onward.ok && onward.wayOut);
  const looped = after(graph, onward.wayOut.edit);
  assert.deepEqual(looped.nodes.b.to, [{ node: "b_again" }]);
  assert.deepEqual(looped.nodes.b_again.to, [{ on: "repeat", node: "a" }, { node: "c" }]);
});

test("a condition stands before the edge that is always taken", () => {
  const graph = graphOf({ a: agent("b"), b: agent(), c: agent() });
  assert.deepEqual(after(graph, edits.connect(graph, { node: "a", to: "c", when: "output == 'x'" })).nodes.a.to, [{ when: "output == 'x'", node: "c" }, { node: "b" }]);
});

test("an edge that is led elsewhere is judged without itself", () => {
  const graph = graphOf({ a: agent("b"), b: agent("c"), c: agent() });
  assert.deepEqual(judgeReconnect(graph, { node: "a", index: 0 }, "c"), { ok: true });
  const back = judgeReconnect(graph, { node: "b", index: 0 }, "a");
  assert.ok(!back.ok && back.wayOut);
  assert.deepEqual(after(graph, back.wayOut.edit).nodes.b.to, [{ node: "b_again" }]);
});

test("every target of a port comes with its verdict, and a repeat port takes nothing new", () => {
  const listed = targetsFor(DRAFT, "again", "repeat");
  assert.deepEqual(listed.map(({ id, verdict }) => [id, verdict.ok ? "ok" : verdict.reason[0]]), [
    ["write", "wire.already"], ["review", "wire.repeatTaken"], ["again", "wire.self"], ["publish", "wire.notBack"],
  ].filter(([id]) => id in DRAFT.nodes));
  assert.deepEqual(kindsAfter(DRAFT, "again", "repeat"), []);
  assert.equal(kindsAfter(DRAFT, "write").length, 9);
});

test("a thousand nodes are judged while one waits for nothing", () => {
  const nodes = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`n${n}`, agent(...(n < 999 ? [`n${n + 1}`] : []))]));
  const graph = graphOf(nodes);
  const start = performance.now();
  assert.equal(targetsFor(graph, "n500").length, 1000);
  assert.ok(performance.now() - start < 2000);
});

// --- nodes ---

test("new nodes are called after their label, tool or kind, and are wired and selected", () => {
  assert.equal(newId(new Set(["write"]), "agent", { label: "Write!" }), "write_2");
  assert.equal(newId(new Set(), "tool", { tool: "file.write" }), "file_write");
  assert.equal(newId(new Set(["gate"]), "human-gate"), "gate_2");
  const { edit, id } = edits.addNode(DRAFT, "human-gate", [10.4, 20.6], { from: { node: "write", on: "error" }, fields: { label: "In" } });
  const graph = after(DRAFT, edit);
  assert.equal(id, "in_human_gate".replace("human_gate", "gate"));
  assert.deepEqual(graph.layout[id], [10, 21]);
  assert.deepEqual(graph.nodes.write.to.at(-1), { on: "error", node: id });
  assert.deepEqual(edit.select, [id]);
  assert.deepEqual(portsOf(graph.nodes[id]), ["approve", "reject", "expired", "error"]);
});

test("a node that is taken out is bridged where one node follows", () => {
  const graph = graphOf({ a: { kind: "agent", to: [{ when: "true", label: "way", node: "b" }] }, b: agent("c"), c: agent() }, { layout: { a: [0, 0], b: [1, 1] } });
  assert.deepEqual(after(graph, edits.removeNodes(graph, ["b"], { bridge: true })), graphOf({ a: { kind: "agent", to: [{ when: "true", node: "c", label: "way" }] }, c: agent() }, { layout: { a: [0, 0] } }));
  assert.deepEqual(after(graph, edits.removeNodes(graph, ["b"])).nodes.a, { kind: "agent" });
});

test("a fork comes with its join, in a wire as a whole", () => {
  const graph = graphOf({ a: agent("b"), b: agent() });
  const { edit, id, join, branches } = edits.forkWithJoin(graph, null, { edge: { node: "a", index: 0 } });
  const forked = after(graph, edit);
  assert.deepEqual(forked.nodes.a.to, [{ node: id }]);
  assert.deepEqual(forked.nodes[id].to, branches.map((node) => ({ node })));
  assert.deepEqual(branches.map((node) => forked.nodes[node].to), [[{ node: join }], [{ node: join }]]);
  assert.deepEqual(forked.nodes[join].to, [{ node: "b" }]);
});

test("a gate in a wire leads on when approved and ends when rejected", () => {
  const graph = graphOf({ a: agent("b"), b: agent() });
  const { edit, id, end } = edits.insertGate(graph, { node: "a", index: 0 });
  const gated = after(graph, edit);
  assert.deepEqual(gated.nodes[id].to, [{ on: "approve", node: "b" }, { on: "reject", node: end }]);
  assert.deepEqual(gated.nodes[String(end)], { kind: "end" });
});

test("an option, a label or a key of the state that is renamed is followed", () => {
  const option = after(DRAFT, edits.renameOption(DRAFT, "review", "approve", "accept"));
  assert.ok(JSON.stringify(option.nodes.review.options).includes("accept") && !JSON.stringify(option.nodes.review.to).includes("approve"));
  const key = after(DRAFT, edits.renameStateKey(DRAFT, "draft", "text"));
  assert.ok(!/state\.draft|"draft"/.test(JSON.stringify({ ...key, name: "", layout: {} })), JSON.stringify(key));
  assert.deepEqual(Object.keys(key.state)[0], "text");
  assert.equal(after(DRAFT, edits.rename(DRAFT, "write", "  ")).nodes.write.label, undefined);
});

test("a fix of the checker is carried out, and one for another document is refused", () => {
  const graph = graphOf({ a: agent("b"), b: agent() });
  const fix = { title: "Insert", patch: [
    { op: "add", path: "/nodes/x", value: { kind: "join" } },
    { op: "add", path: "/nodes/a/to/-", value: { node: "x" } },
    { op: "move", from: "/nodes/a/to/0", path: "/nodes/a/to/-" },
    { op: "add", path: "/nodes/a/label", value: "A" },
    { op: "replace", path: "/nodes/b/kind", value: "tool" },
  ] };
  const fixed = after(graph, edits.applyFix(graph, fix));
  assert.deepEqual(fixed.nodes.a, { kind: "agent", label: "A", to: [{ node: "x" }, { node: "b" }] });
  assert.deepEqual(Object.keys(fixed.nodes.a), ["kind", "label", "to"]);
  assert.throws(() => edits.applyFix(graph, { title: "", patch: [{ op: "remove", path: "/nodes/zzz" }] }), { name: "Refused" });
  assert.throws(() => edits.applyFix(graph, { title: "", patch: [{ op: "add", path: "/nodes/zzz/to/-", value: 1 }] }), { name: "Refused" });
});

// --- clipboard ---

test("what is pasted keeps its inner wires and references, under new ids, and is selected", () => {
  const text = copy(DRAFT, ["write", "review", "again"]);
  const { edit, ids } = paste(DRAFT, text, [1000, 1000]);
  const pasted = after(DRAFT, edit);
  assert.deepEqual(ids, ["write_2", "review_2", "again_2"]);
  assert.deepEqual(edit.select, ids);
  assert.deepEqual(pasted.nodes.write_2.to, [{ node: "review_2" }]);
  assert.deepEqual(pasted.nodes.again_2.to.filter((/** @type {any} */ edge) => edge.on === "repeat"), [{ on: "repeat", node: "write_2" }]);
  assert.ok(!JSON.stringify(pasted.nodes.review_2.to).includes("publish"));
  assert.deepEqual(pasted.state, DRAFT.state);
  for (const id of Object.keys(DRAFT.nodes)) assert.equal(pasted.nodes[id], DRAFT.nodes[id]);
});

test("references between pasted nodes follow, also through a join, and those to others stay", () => {
  const graph = graphOf({
    a: agent("meet"), b: agent("meet"), z: agent(),
    meet: { kind: "join", save: { x: "{output.a}" }, to: [{ node: "last" }] },
    last: { kind: "agent", prompt: "{nodes.meet.output.a} {nodes.a.output} {nodes.z.output}", to: [] },
  }, { state: { x: {} } });
  const copied = after(graph, duplicate(graph, ["a", "b", "meet", "last"]).edit);
  assert.equal(copied.nodes.last_2.prompt, "{nodes.meet_2.output.a_2} {nodes.a_2.output} {nodes.z.output}");
  assert.deepEqual(copied.nodes.meet_2.save, { x: "{output.a_2}" });
});

test("a paste into another graph brings its keys of the state, and one of another meaning under a new name", () => {
  const text = copy(DRAFT, ["write"]);
  const fresh = after(graphOf({}), paste(graphOf({}), text, null).edit);
  assert.deepEqual(fresh.state.draft, DRAFT.state.draft);
  const taken = graphOf({}, { state: { draft: { schema: { type: "integer" } } } });
  const other = after(taken, paste(taken, text, null).edit);
  assert.equal(other.nodes.write.output_key, "draft_2");
  assert.deepEqual(Object.keys(other.state).slice(0, 2), ["draft", "draft_2"]);
});

test("a whole document can be pasted, and what is nothing of ours is refused", () => {
  const whole = after(graphOf({}), paste(graphOf({}), JSON.stringify(DRAFT), null).edit);
  assert.deepEqual(Object.keys(whole.nodes), Object.keys(DRAFT.nodes));
  for (const text of ["hello", "[]", "{}", '{"nodes":{}}', '{"format":"weft-clip/1","nodes":{"a":5}}']) assert.throws(() => paste(DRAFT, text, null), { name: "Refused" });
});

test("what is cut comes back as it was by undo, and can be pasted", () => {
  const { text, edit } = cut(DRAFT, ["write"]);
  const { graph, inverse } = apply(DRAFT, edit.changes);
  assert.equal(JSON.stringify(apply(graph, inverse).graph), JSON.stringify(DRAFT));
  assert.deepEqual(paste(graph, text, null).ids, ["write"]);
});

// --- sub-flows ---

test("nodes become a sub-flow that is handed what it reads and hands out what others read", () => {
  const graph = graphOf({
    a: agent("b"),
    b: { kind: "agent", prompt: "{input.topic} {nodes.a.output} {note}", output_key: "text", to: [{ node: "c" }] },
    c: { kind: "agent", prompt: "{text} {nodes.b.output}", to: [{ node: "d" }] },
    d: { kind: "tool", tool: "t", args: { x: "{nodes.c.output}", y: "{text}" } },
  }, { state: { note: { default: "" }, text: { schema: { type: "string" } } } });
  const { edit, id } = edits.group(graph, ["b", "c"], { name: "Two Steps" });
  const grouped = after(graph, edit);
  assert.equal(id, "two_steps");
  assert.deepEqual(Object.keys(grouped.nodes), ["a", "two_steps", "d"]);
  assert.deepEqual(grouped.nodes.a.to, [{ node: id }]);
  assert.deepEqual(grouped.nodes[id].args, { topic: "{input.topic?}", a: "{nodes.a.output?}", note: "{state.note?}" });
  assert.equal(grouped.nodes[id].inline.nodes.b.prompt, "{input.topic} {input.a} {input.note}");
  assert.equal(grouped.nodes[id].inline.nodes.c.prompt, "{text} {nodes.b.output}");
  assert.deepEqual(grouped.nodes[id].inline.output, { c: "{nodes.c.output?}", text: "{state.text?}" });
  assert.deepEqual(grouped.nodes[id].save, { text: "{output.text?}" });
  assert.deepEqual(grouped.nodes.d.args, { x: `{nodes.${id}.output.c}`, y: "{text}" });
  const opened = after(grouped, edits.ungroup(grouped, id).edit);
  const plain = (/** @type {any} */ it) => JSON.stringify({ ...it, layout: 0, nodes: Object.fromEntries(Object.entries(it.nodes).sort()) }).replaceAll("state.", "");
  assert.equal(plain(opened), plain(graph));
});

test("a sub-flow that cannot mean the same is refused with the reason, or offered with what belongs to it", () => {
  const graph = graphOf({
    a: agent("b"), b: agent("again"), again: { kind: "loop-back", max_iterations: 2, on_limit: "exit", to: [{ on: "repeat", node: "a" }, { node: "c" }] },
    c: { kind: "human-gate", options: ["yes", "no"], to: [{ on: "yes", node: "d" }, { on: "no", node: "e" }] }, d: agent(), e: { kind: "end" },
  });
  const loop = edits.judgeGroup(graph, ["b", "again"]);
  assert.ok(!loop.ok && loop.reason[0] === "group.loop" && loop.wayOut);
  assert.deepEqual(Object.keys(after(graph, loop.wayOut.edit).nodes), ["subgraph", "c", "d", "e"]);
  const exits = edits.judgeGroup(graph, ["c"]);
  assert.ok(!exits.ok && exits.reason[0] === "group.exits");
  const end = edits.judgeGroup(graph, ["e"]);
  assert.ok(!end.ok && end.reason[0] === "group.end");
  assert.throws(() => edits.group(graph, ["zzz"], {}), { name: "Refused" });
});

// --- names ---

test("at a place only those names are offered that can lead to something there, with their types", () => {
  const graph = graphOf({
    a: { kind: "agent", output_schema: { type: "object", properties: { title: { type: "string", description: "Its title" } } }, output_key: "doc", to: [{ node: "b", when: "true" }, { node: "c" }] },
    b: { kind: "tool", tool: "t", each: "input.list", to: [{ node: "c" }] },
    c: { kind: "join", to: [{ node: "d" }] },
    d: agent(),
  }, { input: { type: "object", properties: { list: { type: "array", items: { type: "integer" } } } }, state: { doc: { schema: { type: "object" } }, never: {}, log: { merge: "append" } } });
  const at = (/** @type {any[]} */ path, known = {}) => namesAt(graph, path, known).map(({ text, type, isOptional }) => `${text}:${type}${isOptional ? "?" : ""}`);
  assert.deepEqual(at(["nodes", "a", "prompt"]), ["state.log:any", "input.list:list of integer", "run.id:string", "run.started_at:string"]);
  const inB = at(["nodes", "b", "args", "x"], { tools: { t: { type: "string" } } });
  assert.deepEqual(inB.slice(0, 4), ["item:integer", "index:integer", "state.doc:object", "state.log:any"]);
  assert.ok(inB.includes("nodes.a.output.title:string"));
  assert.ok(!at(["nodes", "b", "each"]).includes("item:integer"));
  const inC = at(["nodes", "d", "prompt"], { tools: { t: { type: "string" } } });
  assert.ok(inC.includes("nodes.b.output:list of string?"), inC.join());
  assert.ok(inC.includes("nodes.c.output.a:object") && inC.includes("nodes.a.output:object"), inC.join());
  assert.ok(at(["nodes", "a", "to", 0, "when"]).includes("output.title:string"));
  assert.deepEqual(stateInto(graph, "d").map(({ key, writers }) => [key, writers]), [["doc", ["a"]], ["log", []]]);
});

test("in a loop what a later node wrote is offered as what may be absent, and the iteration is known", () => {
  const offered = namesAt(DRAFT, ["nodes", "write", "instructions"]);
  assert.ok(offered.some(({ text }) => text === "iteration"));
  const review = offered.find(({ text }) => text === "nodes.review.output.option");
  assert.equal(review?.isOptional, true);
  assert.equal(asReference(/** @type {any} */ (review)), "{nodes.review.output.option?}");
});

test("completion begins at a single brace and replaces what is typed, in expressions anywhere but in strings", () => {
  const path = ["nodes", "review", "prompt"];
  const typed = "Look at {sta and more";
  const found = complete(DRAFT, path, { text: typed, cursor: 12, isExpression: false });
  assert.deepEqual([found?.from, found?.to], [9, 12]);
  assert.ok(found?.items[0]?.text.startsWith("state."));
  assert.equal(complete(DRAFT, path, { text: "a {{sta", cursor: 7, isExpression: false }), null);
  assert.equal(complete(DRAFT, path, { text: "no brace", cursor: 4, isExpression: false }), null);
  const when = ["nodes", "review", "to", 0, "when"];
  assert.ok(complete(DRAFT, when, { text: "output.", cursor: 7, isExpression: true })?.items.some(({ text }) => text === "output.option"));
  assert.equal(complete(DRAFT, when, { text: "x == 'out", cursor: 9, isExpression: true }), null);
  const deep = graphOf({ a: { kind: "agent", output_schema: { type: "object", properties: { b: { type: "object", properties: { c: { type: "object", properties: { d: { type: "boolean" } } } } } } }, to: [{ node: "e" }] }, e: agent() });
  assert.deepEqual(complete(deep, ["nodes", "e", "prompt"], { text: "{nodes.a.output.b.c.", cursor: 20, isExpression: false })?.items.map(({ text, type }) => [text, type]), [["nodes.a.output.b.c.d", "boolean"]]);
});

test("names are found in a graph of a thousand nodes before anybody waits", () => {
  const nodes = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`n${n}`, { ...agent(...(n < 999 ? [`n${n + 1}`] : [])), prompt: `{nodes.n${n - 1}.output}` }]));
  const start = performance.now();
  assert.ok(namesAt(graphOf(nodes), ["nodes", "n999", "prompt"]).length > 100);
  assert.ok(performance.now() - start < 2000);
});

// --- places ---

test("a node grows with its ports, and a gate has a port for each option", () => {
  assert.deepEqual([formOf(agent()).width, formOf(agent()).height], [200, 64]);
  const gate = formOf({ kind: "human-gate", options: ["a", "b", "c", "d"] });
  assert.equal(gate.height, 96);
  assert.deepEqual(gate.ports.filter(({ isShown, type }) => isShown && type === "source").map(({ id, y }) => [id, y - 48]), [["a", -36], ["b", -12], ["c", 12], ["d", 36]]);
});

test("nodes are aligned, spread evenly, and new ones cover none", () => {
  const graph = graphOf({ a: agent(), b: agent(), c: agent() }, { layout: { a: [0, 0], b: [50, 200], c: [900, 300] } });
  assert.deepEqual(aligned(graph, ["a", "b"], "left"), { a: [0, 0], b: [0, 200] });
  assert.deepEqual(aligned(graph, ["a", "b", "c"], "across").b, [450, 200]);
  const [x, y] = freePlace(boxesOf(graph), [10, 10]);
  assert.ok(x === 8 && y >= 64);
  const lost = boxesOf(graphOf({ a: agent(), b: agent() }, { layout: { a: [5, 5], b: "nowhere" } }));
  assert.notDeepEqual(lost.get("b"), lost.get("a"));
});
