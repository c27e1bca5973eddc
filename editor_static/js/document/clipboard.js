// Copy, cut, paste, duplicate: nodes as JSON text, across graphs and tabs. Rule: what is pasted is a part of its own: its
// ids are new where they must be, the wires within it stay, its own references follow, and nothing else changes.

/** @import { Edit, Graph, Json, JsonObject, Position } from "../contract.d.ts" */

import { isObject, isSame, valueAt } from "./changes.js";
import { Draft } from "./draft.js";
import { removeNodes } from "./edits.js";
import { bounds, boxesOf, GRID_PX, positionOf, snapped } from "./geometry.js";
import { edgesOf, freshId, isId, kindOf, nodeAt, nodesOf, suggestedId, targetOf } from "./kinds.js";
import { Refused } from "./patch.js";
import { followIds, mentionsIn, rewriteSpots, spotsOfNode } from "./references.js";

/** What marks a text as ours. */
export const CLIP_FORMAT = "weft-clip/1";
/** A text that is longer is not looked at. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

/** @typedef {{ format: string, nodes: JsonObject, layout: JsonObject, state: JsonObject, notes: Json[] }} Clip */

/**
 * Nodes as text: their inner wires, their places, and the keys of the state that they use.
 * @param {Graph} graph
 * @param {readonly string[]} ids
 * @param {{ notes?: readonly number[] }} [more] places of free texts that go along
 * @returns {string}
 */
export function copy(graph, ids, { notes = [] } = {}) {
  const chosen = Object.keys(nodesOf(graph)).filter((id) => ids.includes(id));
  const nodes = Object.fromEntries(chosen.map((id) => [id, withInnerEdges(nodesOf(graph)[id] ?? null, new Set(chosen))]));
  const boxes = boxesOf(graph);
  const layout = Object.fromEntries(chosen.map((id) => [id, positionOf(graph, id) ?? [boxes.get(id)?.x ?? 0, boxes.get(id)?.y ?? 0]]));
  const used = keysUsed(nodes);
  const state = Object.fromEntries(Object.entries(isObject(graph.state) ? graph.state : {}).filter(([key]) => used.has(key)));
  const all = valueAt(graph, ["layout", "$notes"]);
  const texts = Array.isArray(all) ? all.filter((_, index) => notes.includes(index)) : [];
  /** @type {Clip} */
  const clip = { format: CLIP_FORMAT, nodes, layout, state, notes: texts };
  return JSON.stringify(clip, null, 2);
}

/**
 * @param {Json} node
 * @param {ReadonlySet<string>} inside
 * @returns {Json}
 */
function withInnerEdges(node, inside) {
  if (!isObject(node) || !Array.isArray(node.to)) return node;
  const to = node.to.filter((edge) => inside.has(targetOf(edge) ?? ""));
  const { to: _to, ...rest } = node;
  return to.length > 0 ? { ...node, to } : rest;
}

/**
 * The keys of the state that some nodes read or write.
 * @param {JsonObject} nodes
 * @returns {Set<string>}
 */
function keysUsed(nodes) {
  const spots = Object.entries(nodes).flatMap(([id, node]) => spotsOfNode(node, ["nodes", id]));
  const read = mentionsIn(spots).flatMap(({ mention: { steps } }) => (steps[0] === "state" ? [String(steps[1])] : []));
  const written = Object.values(nodes).flatMap((node) =>
    isObject(node) ? [node.output_key, ...Object.keys(isObject(node.save) ? node.save : {})] : []);
  return new Set([...read, ...written.filter((key) => typeof key === "string")]);
}

/**
 * @param {Graph} graph
 * @param {readonly string[]} ids
 * @returns {{ text: string, edit: Edit }}
 */
export function cut(graph, ids) {
  const edit = removeNodes(graph, ids);
  return { text: copy(graph, ids), edit: { ...edit, title: ["edit.cut", String(ids.length)] } };
}

/**
 * Put in what was copied, or the nodes of a whole document.
 * @param {Graph} graph
 * @param {string} text
 * @param {Position | null} position the middle of what is pasted; null: a little beside where it was
 * @returns {{ edit: Edit, ids: string[] }}
 * @throws {Refused} it is nothing of ours
 */
export function paste(graph, text, position) {
  const draft = new Draft(graph);
  const ids = pasteInto(draft, clipOf(text), position);
  return { edit: draft.done(["edit.paste", String(ids.length)], { select: ids }), ids };
}

/**
 * @param {Graph} graph
 * @param {readonly string[]} ids
 * @returns {{ edit: Edit, ids: string[] }}
 */
export function duplicate(graph, ids) {
  const draft = new Draft(graph);
  const made = pasteInto(draft, clipOf(copy(graph, ids)), null);
  return { edit: draft.done(["edit.duplicate", String(made.length)], { select: made }), ids: made };
}

/**
 * @param {string} text
 * @returns {Clip}
 * @throws {Refused}
 */
export function clipOf(text) {
  /** @type {Json} */
  let value;
  try {
    value = text.length > MOST_CHARACTERS ? null : JSON.parse(text);
  } catch {
    value = null;
  }
  const format = isObject(value) ? value.format : undefined;
  if (!isObject(value) || !isObject(value.nodes) || (format !== CLIP_FORMAT && format !== "weft/1")) throw new Refused(["paste.notOurs"]);
  if (Object.values(value.nodes).some((node) => !isObject(node))) throw new Refused(["paste.notOurs"]);
  const { $notes: notes, ...layout } = isObject(value.layout) ? value.layout : {};
  const texts = Array.isArray(value.notes) ? value.notes : Array.isArray(notes) ? notes : [];
  return { format: CLIP_FORMAT, nodes: value.nodes, layout, state: isObject(value.state) ? value.state : {}, notes: texts.filter(isNote) };
}

/** @param {Json} note */
function isNote(note) {
  return isObject(note) && typeof note.text === "string" && [note.x, note.y, note.w, note.h].every((it) => typeof it === "number");
}

/**
 * @param {Draft} draft
 * @param {Clip} clip
 * @param {Position | null} position
 * @returns {string[]} the ids of the pasted nodes
 */
function pasteInto(draft, clip, position) {
  const taken = new Set(Object.keys(nodesOf(draft.graph)));
  const ids = new Map(Object.entries(clip.nodes).map(([id, node]) => {
    const wanted = isId(id) ? id : suggestedId(id, kindOf(node) ?? "node");
    const fresh = freshId(taken, wanted);
    taken.add(fresh);
    return [id, fresh];
  }));
  const keys = newKeys(draft, clip.state);
  const shift = shiftOf(draft.graph, clip, position);
  const follow = followIds(ids, (id) => kindOf(clip.nodes[id]) === "join");
  const owners = new Map([...ids].map(([old, id]) => [id, old]));
  for (const [old, id] of ids) {
    draft.addNode(id, /** @type {JsonObject} */ (pasted(/** @type {Json} */ (clip.nodes[old]), ids, keys)));
    rewriteSpots(draft, spotsOfNode(nodeAt(draft.graph, id), ["nodes", id]), (steps) => {
      const isKey = steps[0] === "state" && keys.has(String(steps[1]));
      return isKey ? ["state", /** @type {string} */ (keys.get(String(steps[1]))), ...steps.slice(2)] : follow(steps, owners.get(id) ?? null);
    });
    const place = positionOf(/** @type {Graph} */ (/** @type {unknown} */ (clip)), old) ?? [0, 0];
    draft.place(id, [place[0] + shift[0], place[1] + shift[1]]);
  }
  for (const note of clip.notes) {
    if (!isObject(note)) continue;
    const there = valueAt(draft.graph, ["layout", "$notes"]);
    const moved = { ...note, x: Number(note.x) + shift[0], y: Number(note.y) + shift[1] };
    draft.set(["layout", "$notes", Array.isArray(there) ? there.length : 0], moved);
  }
  return [...ids.values()];
}

/**
 * A node with its wires led to the new ids and its writes to the new keys. Wires to nodes that were not copied, as a
 * whole document may have, are left as they are: they are shown as broken.
 * @param {Json} node
 * @param {ReadonlyMap<string, string>} ids
 * @param {ReadonlyMap<string, string>} keys
 * @returns {Json}
 */
function pasted(node, ids, keys) {
  if (!isObject(node)) return node;
  const result = { ...node };
  if (Array.isArray(node.to)) {
    result.to = edgesOf(node).map((edge) => {
      const to = ids.get(targetOf(edge) ?? "");
      return isObject(edge) && to !== undefined ? { ...edge, node: to } : edge;
    });
  }
  if (typeof node.output_key === "string") result.output_key = keys.get(node.output_key) ?? node.output_key;
  if (isObject(node.save)) result.save = Object.fromEntries(Object.entries(node.save).map(([key, value]) => [keys.get(key) ?? key, value]));
  return result;
}

/**
 * Declare the keys of the state that the document lacks. A key of the same name and of another meaning gets a new name.
 * @param {Draft} draft
 * @param {JsonObject} state
 * @returns {Map<string, string>} old to new, where they differ
 */
function newKeys(draft, state) {
  const renamed = new Map(/** @type {[string, string][]} */ ([]));
  for (const [key, declared] of Object.entries(state)) {
    const there = valueAt(draft.graph, ["state", key]);
    if (isSame(there, declared)) continue;
    const name = freshId(isObject(draft.graph.state) ? draft.graph.state : {}, key);
    if (name !== key) renamed.set(key, name);
    draft.set(["state", name], declared);
  }
  return renamed;
}

/**
 * @param {Graph} graph
 * @param {Clip} clip
 * @param {Position | null} position
 * @returns {Position}
 */
function shiftOf(graph, clip, position) {
  const boxes = [...boxesOf(/** @type {Graph} */ (/** @type {unknown} */ (clip))).values()];
  const notes = clip.notes.flatMap((note) => (isObject(note) ? [{ x: Number(note.x), y: Number(note.y), width: Number(note.w), height: Number(note.h) }] : []));
  const around = bounds([...boxes, ...notes]);
  if (position) return snapped([position[0] - around.x - around.width / 2, position[1] - around.y - around.height / 2]);
  // Each further copy stands beside the one before, never exactly on something that is there.
  const there = new Set([...boxesOf(graph).values()].map((box) => `${box.x},${box.y}`));
  let step = 3 * GRID_PX;
  while (boxes.some((box) => there.has(`${box.x + step},${box.y + step}`))) step += 3 * GRID_PX;
  return [step, step];
}
