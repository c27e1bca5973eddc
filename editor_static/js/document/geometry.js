// Where things are on the canvas: sizes, handles, alignment, free places. Rule: a node's size follows from its kind, its
// ports and its wires, as engine/render/forms.py has it, so that canvas and exported picture cannot part.

/** @import { Graph, Json, Position } from "../contract.d.ts" */

import { isObject, valueAt } from "./changes.js";
import { allEdges, edgesOf, isRepeat, kindOf, nodeAt, nodesOf, optionsOf, portOf, portsOf } from "./kinds.js";

export const GRID_PX = 8;
export const NODE_WIDTH_PX = 200;
export const NODE_HEIGHT_PX = 64;
export const BAR_PX = 8;
export const HEXAGON_PX = Object.freeze([104, 48]);
export const RING_PX = 24;
/** From one column to the next, and from one row to the next, where nothing better is known. */
export const COLUMN_PX = 280;
export const ROW_PX = 120;

const BAR_PITCH_PX = 24;
const BAR_END_PX = 12;
const MOST_PITCHES = 12;
const PORT_PITCH_PX = 24;
const HEXAGON_PITCH_PX = 16;
const OCTAGON_CUT_PX = 12;

/**
 * @typedef {{ width: number, height: number }} Size
 * @typedef {{ x: number, y: number, width: number, height: number }} Box
 * @typedef {"left" | "right" | "bottom"} Side
 * @typedef {{ id: string, type: "source" | "target", x: number, y: number, side: Side, isShown: boolean }} PortPlace
 *   x, y: from the node's upper left corner, px
 * @typedef {"box" | "bar" | "hexagon" | "ring"} Shape
 * @typedef {Size & { shape: Shape, ports: PortPlace[] }} Form
 */

/** The id of the handle at which wires come in, and of that for a repeat edge. */
export const IN = "in";
export const IN_REPEAT = "in-repeat";

/**
 * How many wires lead to each node, repeat edges aside: what `formOf` wants to know of a document. O(edges).
 * @param {Graph} graph
 * @returns {Map<string, number>}
 */
export function waysIn(graph) {
  const found = new Map(/** @type {[string, number][]} */ ([]));
  const nodes = nodesOf(graph);
  for (const { node, edge, to } of allEdges(graph)) {
    if (to !== undefined && !isRepeat(nodes[node], edge)) found.set(to, (found.get(to) ?? 0) + 1);
  }
  return found;
}

/**
 * The body of a node: its size and where wires touch it.
 * @param {Json | undefined} node
 * @param {number} [into] how many wires lead to it, repeat edges aside
 * @returns {Form}
 */
export function formOf(node, into = 0) {
  const shown = shownPorts(node);
  switch (kindOf(node)) {
    case "parallel-fork":
    case "join": {
      const out = edgesOf(node).filter((edge) => !isRepeat(node, edge)).length;
      const pitches = Math.min(Math.floor(Math.max(into, out) / 2) * 2, MOST_PITCHES);
      const height = Math.max(NODE_HEIGHT_PX, BAR_PITCH_PX * pitches + 2 * BAR_END_PX);
      return { shape: "bar", width: BAR_PX, height, ports: places(node, besideMain(shown, PORT_PITCH_PX), BAR_PX, height) };
    }
    case "loop-back": {
      const [width, height] = /** @type {[number, number]} */ (HEXAGON_PX);
      const spread = besideMain(shown.filter((port) => port !== "repeat"), HEXAGON_PITCH_PX);
      return { shape: "hexagon", width, height, ports: places(node, spread, width, height) };
    }
    case "end":
      return { shape: "ring", width: RING_PX, height: RING_PX, ports: places(node, new Map(), RING_PX, RING_PX) };
    default: {
      const spread = kindOf(node) === "human-gate" ? evenly(shown) : besideMain(shown, PORT_PITCH_PX);
      const reach = Math.max(0, ...[...spread.values()].map(Math.abs));
      const height = Math.max(NODE_HEIGHT_PX, 8 * Math.ceil((2 * reach + 2 * OCTAGON_CUT_PX) / 8));
      return { shape: "box", width: NODE_WIDTH_PX, height, ports: places(node, spread, NODE_WIDTH_PX, height) };
    }
  }
}

/**
 * The ports that a node shows: those with a wire, and those that want one. In the order in which they are spread.
 * @param {Json | undefined} node
 * @returns {string[]}
 */
export function shownPorts(node) {
  const known = portsOf(node);
  const used = new Set(edgesOf(node).map((edge) => portOf(node, edge)));
  const wanted = known.filter((port) => used.has(port) || isWanted(node, port));
  const strange = [...used].filter((port) => !known.includes(port)).sort();
  const isLate = (/** @type {string} */ port) => Number(port === "error" || port === "expired");
  return [...wanted, ...strange].sort((one, other) => isLate(one) - isLate(other));
}

/**
 * @param {Json | undefined} node
 * @param {string} port
 */
function isWanted(node, port) {
  if (!isObject(node)) return false;
  switch (kindOf(node)) {
    case "human-gate":
      if (port === "expired") return node.deadline_s !== undefined && node.default === undefined;
      return optionsOf(node).includes(port);
    case "loop-back":
      return port === "repeat" || (port === "done" && (node.while !== undefined || node.on_limit === "exit"));
    case "wait":
      return port === "ok" || (port === "expired" && node.deadline_s !== undefined);
    default:
      return port === portsOf(node)[0];
  }
}

/**
 * The first port in the middle, so that the main way runs straight; the others below and above it in turn.
 * @param {string[]} ports
 * @param {number} pitch
 * @returns {Map<string, number>} px below the middle
 */
function besideMain(ports, pitch) {
  return new Map(ports.map((port, place) => [port, Math.floor((place + 1) / 2) * pitch * (place % 2 ? 1 : -1) + 0]));
}

/**
 * @param {string[]} ports
 * @returns {Map<string, number>} px below the middle
 */
function evenly(ports) {
  const middle = (ports.length - 1) / 2;
  return new Map(ports.map((port, place) => [port, (place - middle) * PORT_PITCH_PX]));
}

/**
 * Every place at which a wire may touch a node. A port that is not shown waits at the lower corner for its first wire.
 * @param {Json | undefined} node
 * @param {Map<string, number>} spread
 * @param {number} width
 * @param {number} height
 * @returns {PortPlace[]}
 */
function places(node, spread, width, height) {
  /** @type {PortPlace[]} */
  const found = [
    { id: IN, type: "target", x: 0, y: height / 2, side: "left", isShown: true },
    { id: IN_REPEAT, type: "target", x: width / 2, y: height, side: "bottom", isShown: false },
  ];
  for (const port of new Set([...spread.keys(), ...portsOf(node)])) {
    const below = spread.get(port);
    if (port === "repeat") found.push({ id: port, type: "source", x: width / 2, y: height, side: "bottom", isShown: true });
    else if (below !== undefined) found.push({ id: port, type: "source", x: width, y: height / 2 + below, side: "right", isShown: true });
    else found.push({ id: port, type: "source", x: width, y: height, side: "right", isShown: false });
  }
  return found;
}

/**
 * Where a node stands; null where the file does not say.
 * @param {Graph} graph
 * @param {string} id
 * @returns {Position | null}
 */
export function positionOf(graph, id) {
  const place = valueAt(graph, ["layout", id]);
  const [x, y] = Array.isArray(place) ? place : [];
  return typeof x === "number" && typeof y === "number" ? [x, y] : null;
}

/**
 * The boxes of all nodes. One without a place in the file gets one in a row below the others.
 * @param {Graph} graph
 * @param {ReadonlyMap<string, Size> | null} [sizes] of all nodes, where they are known
 * @returns {Map<string, Box>}
 */
export function boxesOf(graph, sizes = null) {
  const into = sizes ? null : waysIn(graph);
  const found = new Map(/** @type {[string, Box][]} */ ([]));
  const astray = new Set(/** @type {string[]} */ ([]));
  for (const [id, node] of Object.entries(nodesOf(graph))) {
    const { width, height } = sizes?.get(id) ?? formOf(node, into?.get(id));
    const place = positionOf(graph, id);
    found.set(id, { x: place?.[0] ?? 0, y: place?.[1] ?? 0, width, height });
    if (!place) astray.add(id);
  }
  const placed = bounds([...found].filter(([id]) => !astray.has(id)).map(([, box]) => box));
  [...astray].forEach((id, number) => {
    const box = /** @type {Box} */ (found.get(id));
    box.x = placed.x + (number % 8) * COLUMN_PX;
    box.y = (placed.height ? placed.y + placed.height + ROW_PX : 0) + Math.floor(number / 8) * ROW_PX;
  });
  return found;
}

/**
 * The box around some boxes; all zero for none.
 * @param {readonly Box[]} boxes
 * @returns {Box}
 */
export function bounds(boxes) {
  if (boxes.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}

/**
 * A place on the grid.
 * @param {Position} position
 * @returns {Position}
 */
export function snapped([x, y]) {
  return [Math.round(x / GRID_PX) * GRID_PX, Math.round(y / GRID_PX) * GRID_PX];
}

/**
 * The place nearest below a wanted one at which a node covers no other.
 * @param {ReadonlyMap<string, Box>} boxes
 * @param {Position} wanted
 * @param {Size} [size]
 * @returns {Position}
 */
export function freePlace(boxes, wanted, size = { width: NODE_WIDTH_PX, height: NODE_HEIGHT_PX }) {
  const [x, top] = snapped(wanted);
  let y = top;
  const room = 3 * GRID_PX;
  const others = [...boxes.values()].filter((box) => box.x < x + size.width + room && x < box.x + box.width + room);
  for (const box of others.sort((one, other) => one.y - other.y)) {
    if (box.y < y + size.height + room && y < box.y + box.height + room) y = box.y + box.height + room;
  }
  return snapped([x, y]);
}

/**
 * A place right of a node for what follows it.
 * @param {Graph} graph
 * @param {string} id
 * @param {Size} [size] of what follows
 * @returns {Position}
 */
export function placeAfter(graph, id, size = { width: NODE_WIDTH_PX, height: NODE_HEIGHT_PX }) {
  const boxes = boxesOf(graph);
  const box = boxes.get(id) ?? { x: 0, y: 0, width: 0, height: 0 };
  return freePlace(boxes, [box.x + box.width + COLUMN_PX - NODE_WIDTH_PX, box.y + box.height / 2 - size.height / 2], size);
}

/**
 * A place between two nodes, or after the first where there is no room between them.
 * @param {Graph} graph
 * @param {string} from
 * @param {string} to
 * @param {Size} size of what comes between
 * @returns {Position}
 */
export function placeBetween(graph, from, to, size) {
  const boxes = boxesOf(graph);
  const [one, other] = [boxes.get(from), boxes.get(to)];
  if (!one || !other) return placeAfter(graph, from, size);
  const left = one.x + one.width;
  const middle = (one.y + one.height / 2 + other.y + other.height / 2) / 2 - size.height / 2;
  if (other.x - left < size.width) return placeAfter(graph, from, size);
  return freePlace(boxes, [(left + other.x) / 2 - size.width / 2, middle], size);
}

/**
 * A place below the way from one node back to another, where a loop-back shows that it leads back.
 * @param {Graph} graph
 * @param {string} from
 * @param {string} back
 * @param {Size} size
 * @returns {Position}
 */
export function placeBelow(graph, from, back, size) {
  const boxes = boxesOf(graph);
  const here = bounds([from, back].flatMap((id) => boxes.get(id) ?? []));
  const box = boxes.get(from) ?? here;
  return freePlace(boxes, [box.x + box.width / 2 - size.width / 2, here.y + here.height + ROW_PX - NODE_HEIGHT_PX], size);
}

/** @typedef {"left" | "center" | "right" | "top" | "middle" | "bottom" | "across" | "down"} Alignment */

/**
 * Where some nodes stand once they are aligned at a side, or spread evenly `across` or `down`.
 * @param {Graph} graph
 * @param {readonly string[]} ids
 * @param {Alignment} side
 * @returns {Record<string, Position>}
 */
export function aligned(graph, ids, side) {
  const all = boxesOf(graph);
  const chosen = ids.flatMap((id) => (all.has(id) ? [{ id, .../** @type {Box} */ (all.get(id)) }] : []));
  const around = bounds(chosen);
  if (side === "across" || side === "down") return spread(chosen, side);
  return Object.fromEntries(chosen.map((box) => [box.id, /** @type {Position} */ ([
    side === "left" ? around.x
    : side === "center" ? around.x + (around.width - box.width) / 2
    : side === "right" ? around.x + around.width - box.width
    : box.x,
    side === "top" ? around.y
    : side === "middle" ? around.y + (around.height - box.height) / 2
    : side === "bottom" ? around.y + around.height - box.height
    : box.y,
  ])]));
}

/**
 * @param {(Box & { id: string })[]} boxes
 * @param {"across" | "down"} side
 * @returns {Record<string, Position>}
 */
function spread(boxes, side) {
  const [start, length] = side === "across" ? /** @type {const} */ (["x", "width"]) : /** @type {const} */ (["y", "height"]);
  const sorted = [...boxes].sort((one, other) => one[start] - other[start]);
  const taken = sorted.reduce((sum, box) => sum + box[length], 0);
  const gap = sorted.length > 1 ? (bounds(sorted)[length] - taken) / (sorted.length - 1) : 0;
  let at = sorted[0]?.[start] ?? 0;
  return Object.fromEntries(sorted.map((box) => {
    /** @type {Position} */
    const place = side === "across" ? [Math.round(at), box.y] : [box.x, Math.round(at)];
    at += box[length] + gap;
    return [box.id, place];
  }));
}

/**
 * The size of a new node of a kind.
 * @param {Graph} graph
 * @param {string} id
 * @returns {Size}
 */
export function sizeOf(graph, id) {
  const { width, height } = formOf(nodeAt(graph, id));
  return { width, height };
}
