// What a user can do to a document, each as one edit. Rule: nothing is applied here, an edit fits the document it was
// made for, and it touches only what its name says; wires of other nodes stay as they are.

/**
 * @import { Edit, EdgePlace, Finding, Graph, Json, JsonObject, Kind, Path, Position, Said, Wire } from "../contract.d.ts"
 * @import { Alignment } from "./geometry.js"
 */

import { between, isObject, valueAt } from "./changes.js";
import { Draft } from "./draft.js";
import { aligned, formOf, freePlace, boxesOf, placeAfter, positionOf, ROW_PX, COLUMN_PX } from "./geometry.js";
import { allEdges, edgeAt, edgesOf, isRepeat, labelOf, nodeAt, nodesOf, optionsOf, portOf, portsOf, targetOf } from "./kinds.js";
import { patched } from "./patch.js";
import { mentionsIn, ownerOf, rewriteSpots, spotsOf } from "./references.js";
import { judgeWire } from "./refusals.js";
import { addNew, addWire, insertLoopBack as repairByLoopBack } from "./repairs.js";

export { group, judgeGroup, judgeUngroup, ungroup } from "./grouping.js";

/** An edit that cannot be made; `reason` says why in words of words.js. */
export { Refused } from "./patch.js";

// --- nodes ---

/**
 * A new node; led to from a port where one is given, with the repair that the wire needs. Where no wire is possible the
 * node is added without one.
 * @param {Graph} graph
 * @param {Kind} kind
 * @param {Position | null} position upper left corner; null: a free place after the node it follows
 * @param {{ from?: { node: string, on?: string | undefined } | undefined, fields?: JsonObject | undefined }} [more]
 * @returns {{ edit: Edit, id: string }}
 */
export function addNode(graph, kind, position, { from, fields = {} } = {}) {
  const draft = new Draft(graph);
  const id = addNew(draft, kind, fields, ({ graph: now }, own) => position ?? placeOfNew(now, own, from?.node));
  if (from) lead(draft, { node: from.node, on: from.on, to: id });
  return { edit: draft.done(["edit.add", kind], { select: [id] }), id };
}

/**
 * @param {Graph} graph
 * @param {string} id
 * @param {string | undefined} from
 * @returns {Position}
 */
function placeOfNew(graph, id, from) {
  const size = formOf(nodeAt(graph, id));
  if (from !== undefined) return placeAfter(graph, from, size);
  const boxes = boxesOf(graph);
  boxes.delete(id);
  return freePlace(boxes, [0, 0], size);
}

/**
 * Draw a wire, or take the way out where it is refused and there is one.
 * @param {Draft} draft
 * @param {Wire} wire
 * @returns {boolean} whether it is there now
 */
function lead(draft, wire) {
  const verdict = judgeWire(draft.graph, wire);
  if (verdict.ok) addWire(draft, wire);
  else if (verdict.wayOut) draft.doAll(verdict.wayOut.edit.changes);
  return verdict.ok || verdict.wayOut !== undefined;
}

/**
 * Take nodes out, with their wires and places.
 * @param {Graph} graph
 * @param {readonly string[]} ids
 * @param {{ bridge?: boolean }} [how] bridge: what led to them is led to what followed, where that is one node
 * @returns {Edit}
 */
export function removeNodes(graph, ids, { bridge = false } = {}) {
  const nodes = nodesOf(graph);
  const gone = new Set(ids.filter((id) => Object.hasOwn(nodes, id)));
  const bridges = bridge ? bridgesOver(graph, gone) : [];
  const draft = new Draft(graph);
  dropEdges(draft, allEdges(graph).filter(({ node, to }) => !gone.has(node) && to !== undefined && gone.has(to)));
  draft.dropNodes(gone);
  for (const { node, on, to, edge } of bridges) {
    const when = typeof edge.when === "string" ? edge.when : undefined;
    if (!judgeWire(draft.graph, { node, on, to, when }).ok) continue;
    const { on: _on, when: _when, node: _node, ...more } = edge;
    addWire(draft, { node, on, to, when }, more);
  }
  const [only] = gone;
  const title = /** @type {Said} */ (gone.size === 1 ? ["edit.remove", labelOf(graph, String(only))] : ["edit.removeSeveral", String(gone.size)]);
  return draft.done(title, { select: [] });
}

/**
 * The edges that lead to nodes that go, with the one node that follows those.
 * @param {Graph} graph
 * @param {ReadonlySet<string>} gone
 */
function bridgesOver(graph, gone) {
  return allEdges(graph).flatMap(({ node, edge, to, port }) => {
    if (to === undefined || gone.has(node) || !gone.has(to) || !isObject(edge)) return [];
    if (isRepeat(nodeAt(graph, node), edge)) return [];
    const targets = followers(graph, to, gone);
    const [target] = targets;
    return targets.size === 1 && target !== undefined && target !== node ? [{ node, on: port || undefined, to: target, edge }] : [];
  });
}

/**
 * The nodes that stay and follow one that goes: by its own ways, not by failure, deadline or repeat.
 * @param {Graph} graph
 * @param {string} id
 * @param {ReadonlySet<string>} gone
 */
function followers(graph, id, gone) {
  const found = new Set(/** @type {string[]} */ ([]));
  const seen = new Set([id]);
  const todo = [id];
  for (let here = todo.pop(); here !== undefined; here = todo.pop()) {
    const node = nodeAt(graph, here);
    for (const edge of edgesOf(node)) {
      const to = targetOf(edge);
      if (to === undefined || ["error", "expired", "repeat", "transfer"].includes(portOf(node, edge))) continue;
      if (!gone.has(to)) found.add(to);
      else if (!seen.has(to)) {
        seen.add(to);
        todo.push(to);
      }
    }
  }
  return found;
}

/**
 * @param {Graph} graph
 * @param {Record<string, Position>} positions
 * @param {{ typing?: string }} [how] moves with the same `typing` that follow each other are one step
 * @returns {Edit}
 */
export function move(graph, positions, { typing } = {}) {
  const draft = new Draft(graph);
  place(draft, positions);
  const ids = Object.keys(positions);
  const title = /** @type {Said} */ (ids.length === 1 ? ["edit.move", labelOf(graph, String(ids[0]))] : ["edit.moveSeveral", String(ids.length)]);
  return draft.done(title, { typing });
}

/**
 * @param {Draft} draft
 * @param {Record<string, Position>} positions
 */
function place(draft, positions) {
  for (const [id, position] of Object.entries(positions)) if (nodeAt(draft.graph, id)) draft.place(id, position);
}

/**
 * @param {Graph} graph
 * @param {readonly string[]} ids
 * @param {Alignment} side
 * @returns {Edit}
 */
export function align(graph, ids, side) {
  const draft = new Draft(graph);
  place(draft, aligned(graph, ids, side));
  return draft.done(["edit.align", String(ids.length)]);
}

/**
 * Put the nodes where a layout has them.
 * @param {Graph} graph
 * @param {Record<string, Position>} positions
 * @returns {Edit}
 */
export function tidy(graph, positions) {
  const draft = new Draft(graph);
  place(draft, positions);
  return draft.done(["edit.tidy"]);
}

// --- wires ---

/**
 * A wire as it is asked for; `judgeWire` says whether it is a good one.
 * @param {Graph} graph
 * @param {Wire} wire
 * @returns {Edit}
 */
export function connect(graph, wire) {
  const draft = new Draft(graph);
  addWire(draft, wire);
  return draft.done(["edit.connect", labelOf(graph, wire.node), labelOf(graph, wire.to)]);
}

/**
 * @param {Graph} graph
 * @param {readonly EdgePlace[]} places
 * @returns {Edit}
 */
export function disconnect(graph, places) {
  const draft = new Draft(graph);
  dropEdges(draft, places.filter(({ node, index }) => index < edgesOf(nodeAt(graph, node)).length));
  return draft.done(places.length === 1 ? ["edit.disconnect"] : ["edit.disconnectSeveral", String(places.length)]);
}

/**
 * @param {Draft} draft
 * @param {readonly EdgePlace[]} places
 */
function dropEdges(draft, places) {
  // From the last of each node's list to the first: so the other places stay true.
  for (const { node, index } of [...places].sort((one, other) => other.index - one.index)) draft.dropEdge(node, index);
}

/**
 * Lead an edge to another node; its port, condition and place in the list stay.
 * @param {Graph} graph
 * @param {EdgePlace} edge
 * @param {string} to
 * @returns {Edit}
 */
export function reconnect(graph, edge, to) {
  const draft = new Draft(graph);
  draft.set(["nodes", edge.node, "to", edge.index, "node"], to);
  return draft.done(["edit.reconnect", labelOf(graph, to)]);
}

/**
 * Let an edge leave by another port, of this or of another node; its condition and label go with it.
 * @param {Graph} graph
 * @param {EdgePlace} edge
 * @param {{ node: string, on?: string | undefined }} from
 * @returns {Edit}
 */
export function reconnectSource(graph, edge, from) {
  const draft = new Draft(graph);
  const { on: _on, when, node: to, ...more } = edgeAt(graph, edge) ?? {};
  draft.dropEdge(edge.node, edge.index);
  addWire(draft, { ...from, to: String(to), when: typeof when === "string" ? when : undefined }, more);
  return draft.done(["edit.reconnect", labelOf(graph, from.node)]);
}

/**
 * Let an edge be looked at earlier or later among those of its node.
 * @param {Graph} graph
 * @param {EdgePlace} edge
 * @param {number} index its new place in the list
 * @returns {Edit}
 */
export function moveEdge(graph, edge, index) {
  const draft = new Draft(graph);
  const path = ["nodes", edge.node, "to"];
  const item = edgesOf(nodeAt(graph, edge.node))[edge.index];
  if (item !== undefined && index !== edge.index) {
    draft.do({ op: "splice", path, index: edge.index, drop: 1, items: [] });
    draft.do({ op: "splice", path, index, drop: 0, items: [item] });
  }
  return draft.done(["edit.orderEdges", labelOf(graph, edge.node)]);
}

// --- nodes in wires ---

/**
 * Whether a kind of node, or a node that is there, can be put into a wire.
 * @param {Graph} graph
 * @param {EdgePlace} edge
 * @param {Kind | { id: string }} what
 * @returns {boolean}
 */
export function maySplice(graph, edge, what) {
  const item = edgeAt(graph, edge);
  const to = targetOf(item);
  if (!item || to === undefined || !nodeAt(graph, to) || isRepeat(nodeAt(graph, edge.node), item)) return false;
  if (typeof what === "string") return what !== "end";
  const node = nodeAt(graph, what.id);
  if (!node || what.id === to || what.id === edge.node || portsOf(node).length === 0) return false;
  if (allEdges(graph).some((other) => other.to === what.id)) return false;
  const draft = new Draft(graph);
  draft.dropEdge(edge.node, edge.index);
  const isFirst = judgeWire(draft.graph, { node: edge.node, on: portOf(nodeAt(graph, edge.node), item), to: what.id, when: whenOf(item) }).ok;
  if (isFirst) addWire(draft, { node: edge.node, on: portOf(nodeAt(graph, edge.node), item), to: what.id, when: whenOf(item) });
  return isFirst && judgeWire(draft.graph, { node: what.id, to }).ok;
}

/** @param {JsonObject} edge */
function whenOf(edge) {
  return typeof edge.when === "string" ? edge.when : undefined;
}

/**
 * Put a node into a wire: the wire leads to it, and it on to where the wire led. Where it cannot stand there (see
 * `maySplice`) a new node is added beside the wire, and a node that is there is left alone.
 * @param {Graph} graph
 * @param {EdgePlace} edge
 * @param {Kind | { id: string }} what
 * @param {Position | null} position
 * @param {{ fields?: JsonObject }} [more]
 * @returns {{ edit: Edit, id: string }}
 */
export function splice(graph, edge, what, position, { fields = {} } = {}) {
  const may = maySplice(graph, edge, what);
  if (!may && typeof what === "string") return addNode(graph, what, position, { fields });
  const draft = new Draft(graph);
  const to = String(targetOf(edgeAt(graph, edge)));
  const id = typeof what === "string" ? addNew(draft, what, fields, ({ graph: now }, own) => position ?? placeOfNew(now, own, edge.node)) : what.id;
  if (typeof what !== "string" && position) draft.place(id, position);
  if (may) intoWire(draft, edge, id, id, to);
  if (may && what === "loop-back" && judgeWire(draft.graph, { node: id, on: "repeat", to: edge.node }).ok) {
    addWire(draft, { node: id, on: "repeat", to: edge.node });
  }
  return { edit: draft.done(["edit.splice", labelOf(draft.graph, id)], { select: [id] }), id };
}

/**
 * @param {Draft} draft
 * @param {EdgePlace} edge
 * @param {string} first where the wire leads now
 * @param {string} last what leads on to where it led
 * @param {string} to
 */
function intoWire(draft, edge, first, last, to) {
  draft.set(["nodes", edge.node, "to", edge.index, "node"], first);
  addWire(draft, { node: last, to });
}

/**
 * A loop-back from a port back to an earlier node.
 * @param {Graph} graph
 * @param {Wire} wire
 * @param {{ maxIterations?: number, condition?: string }} [more] condition: it repeats while this holds
 * @returns {{ edit: Edit, id: string }}
 */
export function insertLoopBack(graph, wire, { maxIterations, condition } = {}) {
  const draft = new Draft(graph);
  const id = repairByLoopBack(draft, wire);
  if (maxIterations !== undefined) draft.set(["nodes", id, "max_iterations"], maxIterations);
  if (condition !== undefined) draft.set(["nodes", id, "while"], condition);
  return { edit: draft.done(["edit.loopBack", labelOf(graph, wire.to)], { select: [id] }), id };
}

/**
 * A gate in a wire: approving leads on, rejecting ends the graph.
 * @param {Graph} graph
 * @param {EdgePlace} edge
 * @param {Position | null} [position]
 * @param {{ prompt?: string }} [more]
 * @returns {{ edit: Edit, id: string, end: string | null }}
 */
export function insertGate(graph, edge, position = null, { prompt = "" } = {}) {
  const { edit, id } = splice(graph, edge, "human-gate", position, { fields: { prompt } });
  const draft = new Draft(graph);
  draft.doAll(edit.changes);
  const options = optionsOf(nodeAt(draft.graph, id));
  let end = null;
  if (edgesOf(nodeAt(draft.graph, id)).length > 0) {
    const [x, y] = positionOf(draft.graph, id) ?? [0, 0];
    end = addNew(draft, "end", {}, (now) => freePlace(boxesOf(now.graph), [x + COLUMN_PX, y + ROW_PX]), `${id}_rejected`);
    addWire(draft, { node: id, on: options[1], to: end });
  }
  return { edit: draft.done(["edit.gate"], { select: [id] }), id, end };
}

/**
 * A fork, its branches and the join at which they meet; from a port, or in a wire.
 * @param {Graph} graph
 * @param {Position | null} position of the fork
 * @param {{ from?: { node: string, on?: string }, edge?: EdgePlace, branches?: number, kind?: Kind }} [more]
 * @returns {{ edit: Edit, id: string, join: string, branches: string[] }}
 */
export function forkWithJoin(graph, position, { from, edge, branches = 2, kind = "agent" } = {}) {
  const draft = new Draft(graph);
  const at = from?.node ?? edge?.node;
  const fork = addNew(draft, "parallel-fork", {}, ({ graph: now }, id) => position ?? placeOfNew(now, id, at));
  const [x, y] = positionOf(draft.graph, fork) ?? [0, 0];
  const join = addNew(draft, "join", {}, () => [x + COLUMN_PX + 200 + 80, y]);
  const made = Array.from({ length: branches }, (_, number) => {
    const top = y + (number - (branches - 1) / 2) * ROW_PX;
    const id = addNew(draft, kind, {}, () => [x + 80, top]);
    draft.addEdge(fork, { node: id });
    addWire(draft, { node: id, to: join });
    return id;
  });
  if (edge && maySplice(graph, edge, "join")) intoWire(draft, edge, fork, join, String(targetOf(edgeAt(graph, edge))));
  else if (from) lead(draft, { ...from, to: fork });
  return { edit: draft.done(["edit.fork"], { select: [fork, ...made, join] }), id: fork, join, branches: made };
}

// --- fields ---

/**
 * Set what a path leads to, or take it out (undefined). What is missing on the way is made.
 * @param {Graph} graph
 * @param {Path} path
 * @param {Json | undefined} value
 * @param {{ typing?: string | boolean, title?: Said }} [how] typing: true joins edits of this field
 * @returns {Edit}
 */
export function setField(graph, path, value, { typing, title } = {}) {
  const draft = new Draft(graph);
  if (value === undefined) draft.unset(path);
  else draft.set(path, value);
  const said = title ?? fieldTitle(graph, path);
  return draft.done(said, { typing: typing === true ? `field:/${path.join("/")}` : typing || undefined });
}

/**
 * @param {Graph} graph
 * @param {Path} path
 * @returns {Said}
 */
function fieldTitle(graph, path) {
  const field = String(path.findLast((step) => typeof step === "string") ?? "");
  return path[0] === "nodes" && path.length > 2 ? ["edit.fieldOf", field, labelOf(graph, String(path[1]))] : ["edit.field", field];
}

/**
 * Give a node another label; its id stays. An empty one takes the label out.
 * @param {Graph} graph
 * @param {string} id
 * @param {string} label
 * @returns {Edit}
 */
export function rename(graph, id, label) {
  const text = label.trim();
  const title = /** @type {Said} */ (["edit.rename", labelOf(graph, id), text || id]);
  return setField(graph, ["nodes", id, "label"], text && text !== id ? text : undefined, { title });
}

/**
 * Give a gate's option another name; its wires and the default follow.
 * @param {Graph} graph
 * @param {string} id
 * @param {string} from
 * @param {string} to
 * @returns {Edit}
 */
export function renameOption(graph, id, from, to) {
  const draft = new Draft(graph);
  const node = nodeAt(graph, id);
  const options = Array.isArray(node?.options) ? node.options : optionsOf(node);
  draft.set(["nodes", id, "options"], options.map((option) =>
    option === from ? to : isObject(option) && option.name === from ? { ...option, name: to } : option));
  edgesOf(node).forEach((edge, index) => {
    if (portOf(node, edge) === from) draft.set(["nodes", id, "to", index, "on"], to);
  });
  if (node?.default === from) draft.set(["nodes", id, "default"], to);
  return draft.done(["edit.renameOption", from, to], { typing: `option:${id}:${options.indexOf(from)}` });
}

/**
 * Take an option of a gate out, with its wires.
 * @param {Graph} graph
 * @param {string} id
 * @param {string} name
 * @returns {Edit}
 */
export function removeOption(graph, id, name) {
  const draft = new Draft(graph);
  const node = nodeAt(graph, id);
  const options = Array.isArray(node?.options) ? node.options : optionsOf(node);
  dropEdges(draft, edgesOf(node).flatMap((edge, index) => (portOf(node, edge) === name ? [{ node: id, index }] : [])));
  draft.set(["nodes", id, "options"], options.filter((option) => option !== name && !(isObject(option) && option.name === name)));
  if (node?.default === name) draft.unset(["nodes", id, "default"]);
  return draft.done(["edit.removeOption", name]);
}

/**
 * Give a key of the state another name; whatever reads or writes it follows.
 * @param {Graph} graph
 * @param {string} from
 * @param {string} to
 * @returns {Edit}
 */
export function renameStateKey(graph, from, to) {
  const draft = new Draft(graph);
  const keys = Object.keys(isObject(graph.state) ? graph.state : {});
  const value = valueAt(graph, ["state", from]);
  if (value !== undefined && from !== to && !keys.includes(to)) {
    draft.do({ op: "put", path: ["state", to], value, before: from });
    draft.do({ op: "drop", path: ["state", from] });
    for (const [id, node] of Object.entries(nodesOf(graph))) renameWrites(draft, id, node, from, to);
    rewriteSpots(draft, spotsOf(draft.graph), (steps) => (steps[0] === "state" && steps[1] === from ? ["state", to, ...steps.slice(2)] : null));
  }
  return draft.done(["edit.renameState", from, to]);
}

/**
 * @param {Draft} draft
 * @param {string} id
 * @param {Json} node
 * @param {string} from
 * @param {string} to
 */
function renameWrites(draft, id, node, from, to) {
  if (!isObject(node)) return;
  if (node.output_key === from) draft.set(["nodes", id, "output_key"], to);
  const written = valueAt(node, ["save", from]);
  if (written === undefined) return;
  draft.do({ op: "put", path: ["nodes", id, "save", to], value: written, before: from });
  draft.do({ op: "drop", path: ["nodes", id, "save", from] });
}

/**
 * The nodes that name a node or a key of the state, and so would miss it.
 * @param {Graph} graph
 * @param {{ node: string } | { state: string }} what
 * @returns {string[]} ids; "" for the graph's own output
 */
export function usersOf(graph, what) {
  const [root, name] = "node" in what ? ["nodes", what.node] : ["state", what.state];
  const found = mentionsIn(spotsOf(graph)).filter(({ mention }) => mention.steps[0] === root && mention.steps[1] === name);
  return [...new Set(found.map(({ spot }) => ownerOf(spot) ?? ""))];
}

// --- notes ---

/** @typedef {{ x: number, y: number, w: number, h: number, text: string }} Note */

/**
 * The free texts of the canvas; entries that are none are left out, so `index` is their place in the file.
 * @param {Graph} graph
 * @returns {(Note & { index: number })[]}
 */
export function notesOf(graph) {
  const notes = valueAt(graph, ["layout", "$notes"]);
  return (Array.isArray(notes) ? notes : []).flatMap((note, index) => {
    const isNote = isObject(note) && typeof note.text === "string" && [note.x, note.y, note.w, note.h].every((it) => typeof it === "number");
    return isNote ? [{ .../** @type {Note} */ (/** @type {unknown} */ (note)), index }] : [];
  });
}

/**
 * @param {Graph} graph
 * @param {{ x: number, y: number, w?: number, h?: number, text?: string }} note
 * @returns {{ edit: Edit, index: number }}
 */
export function addNote(graph, { x, y, w = 240, h = 96, text = "" }) {
  const draft = new Draft(graph);
  const there = valueAt(graph, ["layout", "$notes"]);
  const index = Array.isArray(there) ? there.length : 0;
  draft.set(["layout", "$notes", index], { x: Math.round(x), y: Math.round(y), w, h, text });
  return { edit: draft.done(["edit.addNote"]), index };
}

/**
 * @param {Graph} graph
 * @param {number} index
 * @param {{ x?: number, y?: number, w?: number, h?: number }} box
 * @returns {Edit}
 */
export function moveNote(graph, index, box) {
  const draft = new Draft(graph);
  for (const [key, value] of Object.entries(box)) draft.set(["layout", "$notes", index, key], Math.round(value));
  return draft.done(["edit.moveNote"]);
}

/**
 * @param {Graph} graph
 * @param {number} index
 * @param {string} text
 * @returns {Edit}
 */
export function setNote(graph, index, text) {
  return setField(graph, ["layout", "$notes", index, "text"], text, { typing: true, title: ["edit.setNote"] });
}

/**
 * @param {Graph} graph
 * @param {number} index
 * @returns {Edit}
 */
export function removeNote(graph, index) {
  const draft = new Draft(graph);
  draft.unset(["layout", "$notes", index]);
  const left = valueAt(draft.graph, ["layout", "$notes"]);
  if (Array.isArray(left) && left.length === 0) draft.unset(["layout", "$notes"]);
  return draft.done(["edit.removeNote"]);
}

// --- the whole ---

/**
 * Do what a finding's fix says.
 * @param {Graph} graph
 * @param {NonNullable<Finding["fix"]>} fix
 * @returns {Edit}
 * @throws {import("./patch.js").Refused} the document is not the one that the fix was made for
 */
export function applyFix(graph, fix) {
  const draft = patched(graph, fix.patch);
  return draft.done(["edit.fix", fix.title]);
}

/**
 * Put another document in the place of this one, as few changes as are needed.
 * @param {Graph} graph
 * @param {Graph} other
 * @param {{ title?: Said, typing?: string }} [how]
 * @returns {Edit}
 */
export function replaceDocument(graph, other, { title = ["edit.replace"], typing } = {}) {
  return { title, changes: between(graph, other), ...(typing === undefined ? {} : { typing }) };
}
