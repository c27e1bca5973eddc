// One document of two that come from one. Rule: what one side alone changed is taken; what both changed in different ways
// is a conflict and waits for a person; nothing that only one side took out, and the other needs, goes without being asked.
// Theory of operation: the three documents are walked side by side down to what a person knows as one thing (a field, the
// edges of a port, a state key, a place, a text box). Each such thing becomes a piece where it was changed, and a function
// that gives its value for a choice; the merged document is all of these functions called.

/** @import { Choices, Edit, Graph, Json, JsonObject, Path, Piece, Sides } from "../contract.d.ts" */
/** @import { Build, Three } from "./pieces.js" */

import { between, isObject, isSame, memberOf } from "./changes.js";
import { Draft } from "./draft.js";
import { allEdges, edgesOf, fieldsOf, freshId, kindOf, nodeAt, nodesOf, targetOf } from "./kinds.js";
import { pointerOf } from "./patch.js";
import { areObjects, each, inside, isThereStill, isUntouched, leaf, members, sideOf, woven } from "./pieces.js";
import { followIds, ownerOf, rewriteSpots, spotsOf } from "./references.js";
import { TOP_ORDER } from "./tables.js";
import { mergedWays } from "./ways.js";

/** Fields that are lists of names, each with a value of its own. */
const BY_NAME = new Set(["args", "save", "prefill", "limits", "settings", "output", "agents"]);

/**
 * Two versions beside the one that they come from.
 * @typedef {{
 *   mine: Graph,
 *   own: Graph,
 *   pieces: Piece[],
 *   names: ReadonlyMap<string, string>,
 *   build: Build,
 * }} Comparison  names: nodes of this page that both sides added under one id, with the id that they have in `own`
 */

/**
 * What two versions of a document changed. O(size of all three)
 * @param {Graph} base
 * @param {Graph} mine
 * @param {Graph} theirs
 * @param {ReadonlySet<string>} [apart] nodes that both added under one id and that are both kept
 * @returns {Comparison}
 */
export function compare(base, mine, theirs, apart = new Set()) {
  const { graph, names } = keptApart(base, mine, theirs, apart);
  /** @type {Piece[]} */
  const pieces = [];
  const build = mergedGraph(pieces, [], { before: base, mine: graph, theirs });
  follow(pieces);
  return { mine, own: graph, pieces, names, build };
}

/**
 * The document that both come to.
 * @param {Comparison} comparison
 * @param {Choices} choices what is not chosen is as it is here
 * @returns {{ graph: Graph, edit: Edit, open: Piece[], loose: { node: string, to: string }[] }} open: what is still to be
 *   chosen; loose: wires to a node that is not there, kept and shown as broken, which no version had
 */
export function merged({ mine, pieces, build }, choices) {
  const graph = /** @type {Graph} */ (build(choices));
  const open = pieces.filter((piece) => isOpen(piece, choices));
  return { graph, edit: { title: ["edit.merged"], changes: between(mine, graph) }, open, loose: looseIn(graph, mine) };
}

/**
 * Whether a piece still waits for a person.
 * @param {Piece} piece
 * @param {Choices} choices
 */
export function isOpen(piece, choices) {
  return piece.who === "conflict" && choices[piece.key] === undefined;
}

/**
 * Nodes of this page under other ids, where another version has a node of its own there.
 * @param {Graph} base
 * @param {Graph} mine
 * @param {Graph} theirs
 * @param {ReadonlySet<string>} ids
 * @returns {{ graph: Graph, names: Map<string, string> }}
 */
function keptApart(base, mine, theirs, ids) {
  const names = new Map(/** @type {[string, string][]} */ ([]));
  if (ids.size === 0) return { graph: mine, names };
  const taken = new Set([base, mine, theirs].flatMap((graph) => Object.keys(nodesOf(graph))));
  for (const id of ids) {
    const name = freshId(taken, id);
    taken.add(name);
    names.set(id, name);
  }
  const draft = new Draft(mine);
  const rewrite = followIds(names, (id) => kindOf(nodeAt(mine, id)) === "join");
  rewriteSpots(draft, spotsOf(mine), (steps, spot) => rewrite(steps, ownerOf(spot)));
  for (const { node, index, to } of allEdges(mine)) {
    const name = to === undefined ? undefined : names.get(to);
    if (name !== undefined) draft.set(["nodes", node, "to", index, "node"], name);
  }
  for (const room of ["nodes", "layout"]) {
    for (const [id, name] of names) {
      const value = memberOf(memberOf(draft.graph, room), id);
      if (value === undefined) continue;
      draft.do({ op: "put", path: [room, name], value, before: id });
      draft.do({ op: "drop", path: [room, id] });
    }
  }
  return { graph: draft.graph, names };
}

/**
 * @param {Piece[]} out
 * @param {Path} path of the graph: the document, or a sub-flow within it
 * @param {Sides} sides
 * @returns {Build}
 */
function mergedGraph(out, path, sides) {
  if (!areObjects(sides)) return field(out, path, sides);
  const nodes = inside(sides, "nodes");
  /** Nodes that one side does not have, or that each has of its own; their places go with them. @type {Map<string, Piece>} */
  const fates = new Map();
  /** Found out first, told in their turn. @type {Piece[]} */
  const ofNodes = [];
  const build = mergedNodes(ofNodes, [...path, "nodes"], nodes, fates);
  return members(sides, TOP_ORDER, (key, inner) => {
    const at = [...path, key];
    if (key === "nodes") {
      out.push(...ofNodes);
      return build;
    }
    if (key === "layout" && areObjects(inner)) return mergedLayout(out, at, inner, fates);
    if (key === "state" && areObjects(inner)) return members(inner, null, (name, one) => leaf(out, { key: pointerOf([...at, name]), what: "state", path: [...at, name] }, one).build);
    return mergedField(out, at, inner, nodes);
  });
}

/**
 * @param {Piece[]} out
 * @param {Path} path
 * @param {Sides} sides
 * @param {Map<string, Piece>} fates filled in here
 * @returns {Build}
 */
function mergedNodes(out, path, sides, fates) {
  if (!areObjects(sides)) return field(out, path, sides);
  /** @type {Three<Map<string, Set<string>>> | undefined} */
  let wires;
  const wired = () => (wires ??= each(sides, wiresIn));
  return members(sides, null, (id, node) => {
    const at = [...path, id];
    const { mine, theirs, before } = node;
    // Most nodes are as they were; then nothing within them has to be looked at.
    if (isSame(before, mine) && isSame(before, theirs)) return () => mine;
    const isOneKind = [before, mine, theirs].every(isObject) && memberOf(mine, "kind") === memberOf(theirs, "kind");
    if (isOneKind) return members(node, fieldsOf(kindOf(mine)), (key, inner) => mergedField(out, [...at, key], inner, node));
    const { piece, build } = leaf(out, { key: pointerOf(at), what: "node", path: at }, node);
    if (piece) settle(piece, id, wired, path.length === 1);
    const isPlacedWith = mine === undefined || theirs === undefined || (before === undefined && piece?.who === "conflict");
    if (piece && isPlacedWith) fates.set(id, piece);
    return build;
  });
}

/**
 * What a node that is not on every side means to a person.
 * @param {Piece} piece
 * @param {string} id
 * @param {() => Three<Map<string, Set<string>>>} wired found out only where it is asked for
 * @param {boolean} isOfDocument
 */
function settle(piece, id, wired, isOfDocument) {
  const { before, mine, theirs } = piece;
  const isGone = before !== undefined && (mine === undefined) !== (theirs === undefined);
  if (isGone && piece.who === "conflict") piece.why = "changed";
  else if (isGone) {
    // Who took it out did not know of a wire that the other side leads to it.
    const { before: old, [mine === undefined ? "theirs" : "mine"]: there } = wired();
    if ([...(there.get(id) ?? [])].some((wire) => !old.get(id)?.has(wire))) Object.assign(piece, { who: "conflict", why: "wired" });
  } else if (before === undefined && piece.who === "conflict" && isOfDocument) piece.both = "apart";
}

/**
 * The wires that lead to each node from others, as texts.
 * @param {Json | undefined} nodes
 * @returns {Map<string, Set<string>>}
 */
function wiresIn(nodes) {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  for (const [id, node] of Object.entries(isObject(nodes) ? nodes : {})) {
    for (const edge of edgesOf(node)) {
      const to = targetOf(edge);
      if (to === undefined || to === id) continue;
      const wires = found.get(to) ?? new Set();
      found.set(to, wires.add(`${id} ${JSON.stringify(isObject(edge) ? Object.entries(edge).sort() : edge)}`));
    }
  }
  return found;
}

/**
 * A field of a graph or of a node.
 * @param {Piece[]} out
 * @param {Path} path
 * @param {Sides} sides
 * @param {Sides} nodes those that have it
 * @returns {Build}
 */
function mergedField(out, path, sides, nodes) {
  const key = String(path.at(-1));
  if (isUntouched(sides)) return () => sides.mine;
  if (key === "to") return mergedWays(out, path, sides, nodes);
  if (key === "inline" && areObjects(sides)) return mergedGraph(out, path, sides);
  if (BY_NAME.has(key) && areObjects(sides)) return members(sides, null, (name, inner) => field(out, [...path, name], inner));
  return field(out, path, sides);
}

/**
 * @param {Piece[]} out
 * @param {Path} path
 * @param {Sides} sides
 * @returns {Build}
 */
function field(out, path, sides) {
  return leaf(out, { key: pointerOf(path), what: "field", path }, sides).build;
}

/**
 * @param {Piece[]} out
 * @param {Path} path
 * @param {Sides} sides
 * @param {ReadonlyMap<string, Piece>} fates
 * @returns {Build}
 */
function mergedLayout(out, path, sides, fates) {
  return members(sides, null, (id, place) => {
    if (id === "$notes") return mergedNotes(out, [...path, id], place);
    const fate = fates.get(id);
    if (fate) return (choices) => (sideOf(fate, choices) === "mine" ? place.mine : place.theirs);
    return leaf(out, { key: pointerOf([...path, id]), what: "place", path: [...path, id] }, place).build;
  });
}

/**
 * Text boxes, which have no ids: one is known again by itself, by its text, or by its place.
 * @param {Piece[]} out
 * @param {Path} path
 * @param {Sides} sides
 * @returns {Build}
 */
function mergedNotes(out, path, sides) {
  if (isUntouched(sides)) return () => sides.mine;
  const lists = [sides.before, sides.mine, sides.theirs];
  if (!lists.every((list) => list === undefined || Array.isArray(list))) return field(out, path, sides);
  const before = /** @type {Json[]} */ (sides.before ?? []);
  const named = each(sides, (list) => namedNotes(before, /** @type {Json[]} */ (list ?? [])));
  const parts = woven(each(named, (all) => [...all.keys()])).map((key) => {
    const index = (named.mine.get(key) ?? named.theirs.get(key) ?? named.before.get(key))?.index ?? 0;
    return leaf(out, { key: `${pointerOf(path)} ${key}`, what: "note", path: [...path, index] }, each(named, (all) => all.get(key)?.note)).build;
  });
  const isThere = isThereStill(sides);
  return (choices) => {
    const all = parts.flatMap((build) => build(choices) ?? []);
    return all.length > 0 || isThere ? all : undefined;
  };
}

/**
 * @param {readonly Json[]} before
 * @param {readonly Json[]} notes
 * @returns {Map<string, { note: Json, index: number }>} by the number of the note that it was, or by what it says if it is new
 */
function namedNotes(before, notes) {
  const marks = [(/** @type {Json} */ note) => JSON.stringify(note), partOf("text"), partOf("x", "y")];
  /** @type {Map<number, number>} */
  const was = new Map();
  for (const mark of marks) {
    const free = before.map((note, index) => ({ index, said: mark(note) })).filter(({ index }) => ![...was.values()].includes(index));
    notes.forEach((note, index) => {
      const said = mark(note);
      const place = was.has(index) || said === null ? -1 : free.findIndex((one) => one.said === said);
      if (place >= 0) was.set(index, /** @type {{ index: number }} */ (free.splice(place, 1)[0]).index);
    });
  }
  /** @type {Map<string, { note: Json, index: number }>} */
  const named = new Map();
  notes.forEach((note, index) => {
    const old = was.get(index);
    let key = old === undefined ? `new ${JSON.stringify(note)}` : `old ${old}`;
    while (named.has(key)) key += "+";
    named.set(key, { note, index });
  });
  return named;
}

/**
 * @param {...string} keys
 * @returns {(note: Json) => string | null}
 */
function partOf(...keys) {
  return (note) => (isObject(note) && keys.every((key) => key in note) ? JSON.stringify(keys.map((key) => note[key])) : null);
}

/**
 * Wires that were taken out together with a node come back with it.
 * @param {Piece[]} pieces
 */
function follow(pieces) {
  for (const fate of pieces) {
    if (fate.why === undefined) continue;
    const id = String(fate.path.at(-1));
    const room = pointerOf(fate.path.slice(0, -1));
    const [side, who] = fate.mine === undefined ? /** @type {const} */ (["mine", "here"]) : /** @type {const} */ (["theirs", "there"]);
    for (const piece of pieces) {
      if (piece.what !== "ways" || piece.who !== who || piece.follows !== undefined || pointerOf(piece.path.slice(0, -2)) !== room) continue;
      const leads = (/** @type {Json | undefined} */ list) => /** @type {JsonObject[]} */ (list).some((edge) => edge["node"] === id);
      if (leads(piece.before) && !leads(piece[side])) piece.follows = fate.key;
    }
  }
}

/**
 * @param {Graph} graph
 * @param {Graph} mine
 */
function looseIn(graph, mine) {
  const loose = (/** @type {Graph} */ one) => allEdges(one).flatMap(({ node, to }) => (to !== undefined && !Object.hasOwn(nodesOf(one), to) ? [{ node, to }] : []));
  const known = new Set(loose(mine).map(({ node, to }) => `${node} ${to}`));
  return loose(graph).filter(({ node, to }) => !known.has(`${node} ${to}`));
}
