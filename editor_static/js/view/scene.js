// What the canvas shows of a graph: its nodes' places, its wires, where those leave and arrive. Rule: pure, made anew only
// with another graph; whatever stands in the document has its place here, be it as broken as it may. O(nodes + wires).
import { boxesOf } from "../document/geometry.js";
import { topological, waysOf as waysAmong } from "../document/order.js";
import { word } from "../words.js";
import { isObject } from "./context.js";
import { allPorts, kindOf, nameOf, portOf, waysIn, waysOf } from "./look.js";
import { spoken } from "./node.js";
import { Boxes, alongBar, loopCorners, wireCorners } from "./route.js";
import { placed } from "./spots.js";
/** @import { Box, Point } from "./route.js" */

/**
 * @typedef {object} SceneWire
 * @property {string} key node:index
 * @property {string} source
 * @property {number} index
 * @property {string} target
 * @property {string} port
 * @property {"plain" | "repeat" | "transfer"} manner
 * @property {boolean} isBroken its target or its port is not there
 * @property {boolean} isOneOfSeveral others leave by the same port; those of a bar leave each at a height of its own
 */
/** @typedef {{ x: number, y: number, w: number, h: number, text: string }} SceneNote */
/**
 * @typedef {object} Scene
 * @property {any} nodes of the document, or null
 * @property {string[]} order of the nodes, as they are told
 * @property {Map<string, Box>} places of the nodes
 * @property {Map<string, Box>} missing targets that the document does not have, each beside a node that leads there
 * @property {Map<string, number>} counts how many plain ways lead to each node
 * @property {Map<string, ReturnType<typeof placed>>} forms sizes and ports that were asked for
 * @property {SceneWire[]} wires
 * @property {{ leaves: Map<string, number>, enters: Map<string, number> }} touches the heights at which wires leave bars and enter them, px below their middles
 * @property {SceneNote[]} notes
 * @property {Boxes} boxes
 */

const ABSENT = { width: 200, height: 64 };

/**
 * @param {any} graph
 * @param {Scene | null} before what does not depend on places is taken from there if the nodes are the same
 * @returns {Scene}
 */
export function sceneOf(graph, before) {
  const nodes = isObject(graph) && isObject(graph["nodes"]) ? graph["nodes"] : null;
  const layout = isObject(graph) ? graph["layout"] : null;
  const same = before?.nodes === nodes ? before : null;
  const places = boxesOf(graph, same?.places);
  const order = same?.order ?? topological(waysAmong(graph));
  const wires = same?.wires ?? wiresOf(order, nodes);
  return {
    nodes, order, places, wires,
    missing: missingOf(nodes, wires, places),
    counts: same?.counts ?? waysIn(nodes),
    forms: same?.forms ?? new Map(),
    touches: touchesOf(nodes, wires, places),
    notes: notesOf(layout),
    boxes: new Boxes([...places.values()]),
  };
}

/**
 * Size and ports of a node.
 * @param {Scene} scene
 * @param {string} id
 */
export function spotsOf({ nodes, counts, forms }, id) {
  const was = forms.get(id);
  if (was) return was;
  const form = placed(nodes?.[id], counts.get(id) ?? 0);
  forms.set(id, form);
  return form;
}

/**
 * The corners of a wire, or null where it has no port to begin or to end at.
 * @param {Scene} scene
 * @param {SceneWire} wire
 * @param {number} reach half of a port: React Flow counts a wire's end from the rim of it, and pictures follow
 * @param {(id: string) => Box | undefined} [placeOf] where nodes are while a hand moves them
 * @returns {Point[] | null}
 */
export function cornersOf(scene, wire, reach, placeOf = (id) => scene.places.get(id) ?? scene.missing.get(id)) {
  const [from, to] = [placeOf(wire.source), placeOf(wire.target)];
  if (!from || !to) return null;
  if (wire.manner === "repeat") return loopCorners(from, to, scene.boxes);
  const out = spotsOf(scene, wire.source).spots.find((spot) => spot.port === wire.port);
  const into = scene.places.has(wire.target) ? spotsOf(scene, wire.target).spots.find((spot) => spot.port === "") : { x: 0, y: 32 };
  if (!out || !into) return null;
  const [dx, dy] = { right: [0, 0], left: [-2 * reach, 0], top: [-reach, -reach], bottom: [-reach, reach] }[out.side];
  return wireCorners([from.x + out.x + /** @type {number} */ (dx), from.y + out.y + /** @type {number} */ (dy) + (scene.touches.leaves.get(wire.key) ?? 0)], [to.x + into.x, to.y + into.y + (scene.touches.enters.get(wire.key) ?? 0)], scene.boxes, wire.isOneOfSeveral);
}

/**
 * @param {string[]} order
 * @param {any} nodes
 * @returns {SceneWire[]}
 */
function wiresOf(order, nodes) {
  /** @type {SceneWire[]} */
  const wires = [];
  for (const source of order) {
    const node = nodes?.[source];
    const ports = new Set(knownPorts(node));
    const ways = waysOf(node);
    const isBar = ["parallel-fork", "join"].includes(kindOf(node));
    const used = ways.map((edge) => (isObject(edge) ? portOf(node, edge) : ""));
    ways.forEach((edge, index) => {
      if (!isObject(edge) || typeof edge.node !== "string") return;
      const key = `${source}:${index}`;
      const port = /** @type {string} */ (used[index]);
      const isOneOfSeveral = !(isBar && port !== "error") && used.indexOf(port) !== used.lastIndexOf(port);
      const manner = port === "repeat" || port === "transfer" ? port : "plain";
      wires.push({ key, source, index, target: edge.node, port, manner, isBroken: !isObject(nodes) || !(edge.node in nodes) || !ports.has(port), isOneOfSeveral });
    });
  }
  return wires;
}

/**
 * Targets that the document does not have, each beside a node that leads there.
 * @param {any} nodes
 * @param {SceneWire[]} wires
 * @param {Map<string, Box>} places
 * @returns {Map<string, Box>}
 */
function missingOf(nodes, wires, places) {
  /** @type {Map<string, Box>} */
  const found = new Map();
  for (const { source, index, target, isBroken } of wires) {
    if (!isBroken || (isObject(nodes) && target in nodes) || found.has(target)) continue;
    const place = places.get(source) ?? { x: 0, y: 0 };
    found.set(target, { x: place.x + 280, y: place.y + 96 * (index + 1), ...ABSENT });
  }
  return found;
}

/**
 * Where wires touch the bars of forks and joins, in the order of what is at their other ends, so that none cross there.
 * @param {any} nodes
 * @param {SceneWire[]} wires
 * @param {Map<string, Box>} places
 * @returns {Scene["touches"]}
 */
function touchesOf(nodes, wires, places) {
  const leaves = new Map(/** @type {[string, number][]} */ ([]));
  const enters = new Map(/** @type {[string, number][]} */ ([]));
  /** @typedef {Map<string, { key: string, wish: number }[]>} Ends */
  const out = /** @type {Ends} */ (new Map());
  const into = /** @type {Ends} */ (new Map());
  const bars = new Set([...places.keys()].filter((id) => ["parallel-fork", "join"].includes(kindOf(nodes?.[id]))));
  const middleOf = (/** @type {string} */ id) => { const box = places.get(id); return box ? box.y + box.height / 2 : 0; };
  const note = (/** @type {Ends} */ ends, /** @type {string} */ bar, /** @type {string} */ key, /** @type {string} */ other) => {
    const there = ends.get(bar);
    if (there) there.push({ key, wish: middleOf(other) });
    else ends.set(bar, [{ key, wish: middleOf(other) }]);
  };
  for (const { key, source, target, port } of wires) {
    if (!places.has(target)) continue;
    if (bars.has(target) && port !== "repeat") note(into, target, key, source);
    if (bars.has(source) && port !== "error") note(out, source, key, target);
  }
  for (const [ends, found] of /** @type {const} */ ([[out, leaves], [into, enters]])) {
    for (const [bar, all] of ends) {
      const half = (places.get(bar)?.height ?? 64) / 2 - 12;
      alongBar(all.map((end) => end.wish - middleOf(bar)), -half, half, 24).forEach((height, place) => found.set(/** @type {{ key: string }} */ (all[place]).key, height));
    }
  }
  return { leaves, enters };
}

/**
 * @param {any} layout
 * @returns {SceneNote[]}
 */
function notesOf(layout) {
  const notes = isObject(layout) && Array.isArray(layout["$notes"]) ? layout["$notes"] : [];
  return notes.map((/** @type {any} */ note) => ({ x: Number(note?.x) || 0, y: Number(note?.y) || 0, w: Number(note?.w) || 200, h: Number(note?.h) || 80, text: String(note?.text ?? "") }));
}

/**
 * The ports that a node has by itself, whatever its edges name.
 * @param {any} node
 */
function knownPorts(node) {
  const { to: _to, ...rest } = isObject(node) ? node : {};
  return allPorts(rest);
}

/**
 * The worst finding at each node of the shown graph.
 * @param {import("../contract.js").Finding[]} findings
 * @param {(string | number)[]} scope
 * @returns {Map<string, "error" | "warning">}
 */
export function marksOf(findings, scope) {
  const worst = new Map();
  const depth = scope.length;
  for (const finding of findings) {
    const parts = finding.place.split("/").slice(1);
    if (!scope.every((part, index) => String(part) === parts[index])) continue;
    const node = parts[depth] === "nodes" ? parts[depth + 1] : undefined;
    if (node !== undefined && worst.get(node) !== "error") worst.set(node, finding.severity);
  }
  return worst;
}

/**
 * What a screen reader says of a node; each sentence is made when it is asked for, once. O(nodes + wires + findings).
 * @param {string[]} order
 * @param {any} nodes
 * @param {{ findings: import("../contract.js").Finding[], pinned: Set<string>, scope: (string | number)[] }} about
 * @returns {(id: string) => string}
 */
export function sentencesOf(order, nodes, { findings, pinned, scope }) {
  const number = new Map(order.map((id, index) => [id, index + 1]));
  const nameAt = (/** @type {string} */ id) => (number.has(id) ? nameOf(id, nodes?.[id]) : id);
  const from = sourcesOf(nodes);
  const inside = `${scope.map((part) => `/${part}`).join("")}/nodes/`;
  /** @type {Map<string | undefined, number>} */
  const problems = new Map();
  for (const { place } of findings) {
    const id = place.startsWith(inside) ? place.slice(inside.length).split("/", 1)[0] : undefined;
    problems.set(id, (problems.get(id) ?? 0) + 1);
  }
  /** @type {Map<string, string>} */
  const made = new Map();
  return (id) => {
    const was = made.get(id);
    if (was !== undefined) return was;
    const to = waysOf(nodes?.[id]).map((edge) => nameAt(String(edge?.node)));
    const said = spoken(id, nodes?.[id], { place: number.get(id) ?? 0, count: order.length, from: (from.get(id) ?? []).map(nameAt), to, problems: problems.get(id) ?? 0, isPinned: pinned.has(id) });
    made.set(id, said);
    return said;
  };
}

/** @param {any} nodes */
function sourcesOf(nodes) {
  /** @type {Map<string, string[]>} */
  const from = new Map();
  for (const [id, node] of Object.entries(isObject(nodes) ? nodes : {})) {
    for (const edge of waysOf(node)) {
      if (!isObject(edge) || typeof edge.node !== "string") continue;
      const there = from.get(edge.node);
      if (there) there.push(id);
      else from.set(edge.node, [id]);
    }
  }
  return from;
}

/** What is written where a wire's target is not in the document. @param {string} id */
export function absentNode(id) {
  return { kind: word("node.no_such"), label: id };
}
