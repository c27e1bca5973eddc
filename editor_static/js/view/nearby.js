// Which part of a graph is looked at, and what is there. Rule: React Flow goes over all its nodes and wires at every move,
// so it is given only those near the view; near is by whole tiles, so that a move seldom changes what that is. Pure.
import { FAR } from "./node.js";
/** @import { Scene } from "./scene.js" */
/** @import { Box } from "./route.js" */

/**
 * The tiles that a view touches, as text, so that moves within them change nothing.
 * @param {readonly [number, number, number]} transform of the view: x, y, zoom
 * @param {number} width px of the screen
 * @param {number} height
 * @returns {string} "far": the whole graph is drawn as one picture; "": there is no view yet
 */
export function tilesOf([x, y, zoom], width, height) {
  if (width === 0 || height === 0) return "";
  if (zoom < FAR) return "far";
  const side = 2 ** Math.ceil(Math.log2(Math.max(width, height) / zoom / 2));
  return [side, Math.floor(-x / zoom / side), Math.floor(-y / zoom / side), Math.ceil((width - x) / zoom / side), Math.ceil((height - y) / zoom / side)].join(" ");
}

/**
 * @param {string} tiles
 * @returns {Box | null} null: from afar nothing is near
 */
export function areaOf(tiles) {
  if (tiles === "" || tiles === "far") return null;
  const [side, left, top, right, bottom] = /** @type {[number, number, number, number, number]} */ (tiles.split(" ").map(Number));
  return { x: left * side, y: top * side, width: (right - left) * side, height: (bottom - top) * side };
}

/**
 * What React Flow is to know of: the nodes in an area, the wires that could touch it, the nodes that these end at.
 * O(nodes + wires).
 * @param {Scene} scene
 * @param {Box} area
 * @returns {{ ids: Set<string>, wires: Scene["wires"] }}
 */
export function nearTo(scene, area) {
  const ids = new Set(inside(scene.places, area));
  const wires = scene.wires.filter(({ source, target }) => {
    if (ids.has(source) && ids.has(target)) return true;
    const [from, to] = [scene.places.get(source), scene.places.get(target) ?? scene.missing.get(target)];
    return from !== undefined && to !== undefined && isMeeting(around(from, to), area);
  });
  for (const { source, target } of wires) ids.add(source).add(target);
  return { ids, wires };
}

/**
 * The nodes that an area touches.
 * @param {Map<string, Box>} places
 * @param {Box} area
 */
export function inside(places, area) {
  return [...places].flatMap(([id, box]) => (isMeeting(box, area) ? [id] : []));
}

/**
 * The node at a point, the last one drawn if several are.
 * @param {Map<string, Box>} places
 * @param {{ x: number, y: number }} point
 * @param {number} [reach] so far beside it still counts
 * @returns {string | null}
 */
export function nodeAt(places, { x, y }, reach = 0) {
  let found = null;
  for (const [id, box] of places) if (x >= box.x - reach && x <= box.x + box.width + reach && y >= box.y - reach && y <= box.y + box.height + reach) found = id;
  return found;
}

/** @param {Box} one @param {Box} other */
function isMeeting(one, other) {
  return one.x <= other.x + other.width && other.x <= one.x + one.width && one.y <= other.y + other.height && other.y <= one.y + one.height;
}

/** @param {Box} one @param {Box} other @returns {Box} */
function around(one, other) {
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  return { x, y, width: Math.max(one.x + one.width, other.x + other.width) - x, height: Math.max(one.y + one.height, other.y + other.height) - y };
}
