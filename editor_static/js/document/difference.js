// What differs between two documents, in the terms in which people draw: nodes, wires, fields, state keys, places, text
// boxes. Rule: it is computed here, without the server, so that it can follow every key that is pressed.

/** @import { Difference, Graph, Json, JsonObject, Path, Piece } from "../contract.d.ts" */

import { isObject, isSame, meansTheSame, valueAt } from "./changes.js";
import { edgesOf } from "./kinds.js";
import { compare } from "./merge.js";
import { pointerOf } from "./patch.js";

/**
 * What differs from one document to another. O(size of both), and next to nothing for what they share.
 * @param {Graph} before
 * @param {Graph} after
 * @returns {Difference[]}
 */
export function differences(before, after) {
  return compare(before, after, before).pieces.flatMap((piece) => differencesOf(piece, "mine", before, after));
}

/**
 * What one side of a piece changed.
 * @param {Piece} piece
 * @param {"mine" | "theirs"} side
 * @param {Graph} old the document before
 * @param {Graph} now the document of that side
 * @returns {Difference[]}
 */
export function differencesOf(piece, side, old, now) {
  const { path, before } = piece;
  const after = piece[side];
  const values = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  const what = before === undefined ? "added" : after === undefined ? "removed" : "changed";
  const place = pointerOf(path);
  const lead = leadIn(now, path);
  switch (piece.what) {
    case "node":
      return [{ what, subject: "node", name: nameIn(old, now, path), place, ...lead, ...values }];
    case "state":
      return [{ what, subject: "state", name: String(path.at(-1)), place, ...lead, ...values }];
    case "note":
      return [ofNote(what, piece, side, { place, ...lead })];
    case "place":
      return [{ what: "moved", subject: "layout", name: nameIn(old, now, [...path.slice(0, -2), "nodes", String(path.at(-1))]), place, ...lead, ...values }];
    case "ways":
      return ofWays(piece, side, old, now);
    case "field": {
      const depth = depthOf(path);
      const isOfNode = path[depth] === "nodes" && path.length > depth + 2;
      const field = path.slice(depth + (isOfNode ? 2 : 0)).map(String);
      return [{ what: "changed", subject: isOfNode ? "node" : "graph", name: isOfNode ? nameIn(old, now, path.slice(0, depth + 2)) : String(field[0]), place, field, ...lead, ...values }];
    }
  }
}

/**
 * @param {Piece} piece
 * @param {"mine" | "theirs"} side
 * @param {Graph} old
 * @param {Graph} now
 * @returns {Difference[]}
 */
function ofWays(piece, side, old, now) {
  const { path } = piece;
  const [before, after] = [piece.before, piece[side]].map((list) => /** @type {JsonObject[]} */ (list));
  const [was, is] = [old, now].map((graph) => edgesOf(valueAt(graph, path.slice(0, -1))));
  const source = nameIn(old, now, path.slice(0, -1));
  const about = (/** @type {JsonObject} */ edge, /** @type {Json[] | undefined} */ list) => ({
    subject: /** @type {const} */ ("edge"),
    name: `${source} → ${nameIn(old, now, [...path.slice(0, -2), String(edge["node"])])}`,
    place: `${pointerOf(path)}/${list?.findIndex((one) => one === edge || isSame(one, edge)) ?? 0}`,
  });
  const rest = [...(before ?? [])];
  /** @type {Difference[]} */
  const found = [];
  for (const edge of after ?? []) {
    const place = rest.findIndex((one) => one["node"] === edge["node"]);
    const [one] = place < 0 ? [] : rest.splice(place, 1);
    const where = about(edge, is);
    if (!one) found.push({ what: "added", ...where, lead: where.place, after: wordsOf(edge) });
    else if (!meansTheSame(one, edge)) found.push({ what: "changed", ...where, lead: where.place, before: wordsOf(one), after: wordsOf(edge) });
  }
  for (const edge of rest) found.push({ what: "removed", ...about(edge, was), ...leadIn(now, path.slice(0, -1)), before: wordsOf(edge) });
  // The same wires in another order: the first that holds is taken, so that means something.
  if (found.length === 0) found.push({ what: "changed", subject: "edge", name: source, place: pointerOf(path), ...leadIn(now, path.slice(0, -1)), before: targets(before, old, now, path), after: targets(after, old, now, path) });
  return found;
}

/**
 * @param {JsonObject[] | undefined} edges
 * @param {Graph} old
 * @param {Graph} now
 * @param {Path} path
 */
function targets(edges, old, now, path) {
  return (edges ?? []).map((edge) => nameIn(old, now, [...path.slice(0, -2), String(edge["node"])]));
}

/**
 * An edge without what its name says.
 * @param {JsonObject} edge
 * @returns {JsonObject}
 */
function wordsOf({ node: _node, ...words }) {
  return words;
}

/**
 * Where what stands at a path can be looked at in a document; nothing where it is gone with all that it stood in.
 * @param {Graph} graph
 * @param {Path} path
 * @returns {{ lead?: string }}
 */
function leadIn(graph, path) {
  const isLayout = path[depthOf(path)] === "layout" && path.at(-2) !== "$notes";
  const there = isLayout ? [...path.slice(0, -2), "nodes", String(path.at(-1))] : path;
  if (valueAt(graph, there) !== undefined) return { lead: pointerOf(there) };
  // A field that was taken out is shown where it would be filled in again.
  const depth = depthOf(path);
  const isOfNode = path[depth] === "nodes" && path.length > depth + 2;
  const isOfGraph = !["nodes", "layout", "state"].includes(String(path[depth]));
  const owner = path.slice(0, isOfNode ? depth + 2 : depth);
  return (isOfNode || isOfGraph) && valueAt(graph, owner) !== undefined ? { lead: pointerOf(path) } : {};
}

/**
 * How many steps of a path lead into sub-flows.
 * @param {Path} path
 */
function depthOf(path) {
  let depth = 0;
  while (path[depth] === "nodes" && path[depth + 2] === "inline" && path.length > depth + 3) depth += 3;
  return depth;
}

/**
 * What a node is called, by the newer document if it is there.
 * @param {Graph} old
 * @param {Graph} now
 * @param {Path} path
 */
function nameIn(old, now, path) {
  const node = [now, old].map((graph) => valueAt(graph, path)).find(isObject);
  const label = node?.["label"];
  return typeof label === "string" && label.trim() ? label : String(path.at(-1));
}

/**
 * A text box, called after how it begins.
 * @param {"added" | "removed" | "changed"} what
 * @param {Piece} piece
 * @param {"mine" | "theirs"} side
 * @param {{ place: string, lead?: string }} where
 * @returns {Difference}
 */
function ofNote(what, piece, side, where) {
  const [before, after] = [piece.before, piece[side]].map((note) => (isObject(note) && typeof note["text"] === "string" ? note["text"] : ""));
  const line = ((after || before) ?? "").trim().split("\n", 1)[0] ?? "";
  const name = line.length > 40 ? `${line.slice(0, 40)}…` : line;
  if (what === "changed" && before === after) return { what: "moved", subject: "note", name, ...where };
  return { what, subject: "note", name, ...where, ...(what === "changed" ? { before, after } : {}) };
}
