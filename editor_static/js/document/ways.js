// The edges of one node, merged. Rule: of the edges on a port the first that holds is taken, so they are one thing as soon
// as both sides changed what stands there; edges that stand side by side (branches, transfers) are each their own.

/** @import { Json, JsonObject, Path, Piece, Sides } from "../contract.d.ts" */
/** @import { Build, Three } from "./pieces.js" */

import { isObject } from "./changes.js";
import { isShared, isUnconditional, portOf } from "./kinds.js";
import { pointerOf } from "./patch.js";
import { each, isThereStill, isUntouched, leaf, sideOf, whoChanged, woven } from "./pieces.js";

/** @typedef {{ key: string, port: string, edge: JsonObject }} Way  key: port, target, and a count where there are several */
/** @typedef {(choices: import("../contract.d.ts").Choices) => readonly Way[]} Ways */

/**
 * @param {Piece[]} out
 * @param {Path} path of the list
 * @param {Sides} sides the lists, or nothing
 * @param {Sides} nodes to which they belong
 * @returns {Build}
 */
export function mergedWays(out, path, sides, nodes) {
  if (isUntouched(sides)) return () => sides.mine;
  const { before, mine, theirs } = sides;
  if (![before, mine, theirs].every(areEdges)) return leaf(out, { key: pointerOf(path), what: "field", path }, sides).build;
  const lists = each(sides, (list, side) => waysOf(nodes[side], /** @type {JsonObject[]} */ (list ?? [])));
  const order = woven(each(lists, (list) => list.map(({ key }) => key)));
  const ports = [...new Set([...lists.theirs, ...lists.mine, ...lists.before].map(({ port }) => port))];
  const isOfOneKind = isObject(nodes.mine) && isObject(nodes.theirs) && nodes.mine["kind"] === nodes.theirs["kind"];
  const parts = ports.map((port) => {
    const there = each(lists, (list) => list.filter((way) => way.port === port));
    return { port, ways: onPort(out, path, port, there, isOfOneKind && isShared(nodes.mine, port)) };
  });
  const isThere = isThereStill(sides);
  return (choices) => {
    const queues = new Map(parts.map(({ port, ways }) => [port, [...ways(choices)]]));
    const chosen = new Map([...queues.values()].flat().map(({ key, port }) => [key, port]));
    // Each port keeps its own order, whatever stands between.
    const all = order.flatMap((key) => {
      const port = chosen.get(key);
      return port === undefined ? [] : [/** @type {Way} */ (queues.get(port)?.shift()).edge];
    });
    return all.length > 0 || isThere ? all : undefined;
  };
}

/**
 * @param {Json | undefined} list
 */
function areEdges(list) {
  return list === undefined || (Array.isArray(list) && list.every((edge) => isObject(edge) && typeof edge["node"] === "string"));
}

/**
 * @param {Json | undefined} node
 * @param {readonly JsonObject[]} edges
 * @returns {Way[]}
 */
function waysOf(node, edges) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  return edges.map((edge) => {
    const port = portOf(node, edge);
    const name = JSON.stringify([port, edge["node"]]);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return { key: count === 0 ? name : `${name} ${count}`, port, edge };
  });
}

/**
 * @param {Piece[]} out
 * @param {Path} path
 * @param {string} port
 * @param {Three<Way[]>} lists
 * @param {boolean} isSideBySide
 * @returns {Ways}
 */
function onPort(out, path, port, lists, isSideBySide) {
  const values = each(lists, edgesIn);
  const about = { what: /** @type {const} */ ("ways"), path, port };
  if (isSideBySide) return oneByOne(out, about, lists);
  const single = whoChanged(values) === "conflict" ? together(lists) : null;
  if (single?.isSure) return oneByOne(out, about, lists);
  const { piece } = leaf(out, { ...about, key: `${pointerOf(path)} ${port}` }, values);
  if (!piece) return () => (JSON.stringify(values.mine) === JSON.stringify(values.before) ? lists.theirs : lists.mine);
  if (single) piece.both = edgesIn(single.ways);
  return (choices) => {
    const side = sideOf(piece, choices);
    return side === "both" ? (single?.ways ?? lists.mine) : lists[side];
  };
}

/**
 * Each edge for itself.
 * @param {Piece[]} out
 * @param {Pick<Piece, "what" | "path" | "port">} about
 * @param {Three<Way[]>} lists
 * @returns {Ways}
 */
function oneByOne(out, about, lists) {
  const parts = byKey(lists).map((ways) => {
    const key = String((ways.mine ?? ways.theirs ?? ways.before)?.key);
    const { piece } = leaf(out, { ...about, key: `${pointerOf(about.path)} ${key}` }, each(ways, (way) => (way ? [way.edge] : [])));
    return { piece, ways };
  });
  return (choices) => parts.flatMap(({ piece, ways }) => {
    const way = piece ? ways[sideOf(piece, choices) === "mine" ? "mine" : "theirs"] : JSON.stringify(ways.mine) === JSON.stringify(ways.before) ? ways.theirs : ways.mine;
    return way ? [way] : [];
  });
}

/**
 * The edges of a port that two sides come to together; null where one of them is changed in two ways, or where two would be
 * taken without a condition. `isSure`: there is only one order in which they can stand.
 * @param {Three<Way[]>} lists
 * @returns {{ ways: Way[], isSure: boolean } | null}
 */
function together(lists) {
  const ways = byKey(lists).flatMap((one) => {
    const who = whoChanged(each(one, (way) => way?.edge));
    const way = who === "conflict" ? null : who === "here" ? one.mine : one.theirs;
    return way === null ? [null] : way ? [way] : [];
  });
  if (ways.includes(null)) return null;
  const all = /** @type {Way[]} */ (ways);
  const open = (/** @type {readonly Way[]} */ list) => list.filter(({ edge }) => isUnconditional(edge)).length;
  if (open(all) > Math.max(1, open(lists.mine), open(lists.theirs))) return null;
  const old = new Set(lists.before.map(({ key }) => key));
  const hasNew = (/** @type {Way[]} */ list) => list.some(({ key }) => !old.has(key));
  const isMoved = (/** @type {Way[]} */ list) => {
    const there = new Set(list.map(({ key }) => key));
    return JSON.stringify(lists.before.flatMap(({ key }) => (there.has(key) ? [key] : []))) !== JSON.stringify(list.flatMap(({ key }) => (old.has(key) ? [key] : [])));
  };
  const mayStandTwoWays = [lists.mine, lists.theirs].every((list) => hasNew(list) || isMoved(list));
  return { ways: all, isSure: !mayStandTwoWays };
}

/**
 * @param {Three<Way[]>} lists
 * @returns {Three<Way | undefined>[]} in the order in which they stand together
 */
function byKey(lists) {
  const found = each(lists, (list) => new Map(list.map((way) => [way.key, way])));
  return woven(each(lists, (list) => list.map(({ key }) => key))).map((key) => each(found, (map) => map.get(key)));
}

/** @param {readonly Way[]} ways @returns {Json[]} */
function edgesIn(ways) {
  return ways.map(({ edge }) => edge);
}
