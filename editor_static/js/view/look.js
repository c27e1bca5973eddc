// How a node and a wire are shown: name, second line, sign, the words on a wire. The same words as the pictures use
// (engine/render/picture.py). Rule: whatever stands in the document is shown, be it as broken as it may.
import { PORTS } from "../document/tables.js";
import { word } from "../words.js";
import { isObject } from "./context.js";

/** The kinds of the core, then the others, as the palette lists them. */
export const CORE = ["agent", "tool", "parallel-fork", "join", "loop-back", "human-gate"];
export const OTHERS = ["subgraph", "wait", "end"];

/** @param {any} node */
export function kindOf(node) {
  return isObject(node) && typeof node.kind === "string" && node.kind in PORTS ? node.kind : "missing";
}

/**
 * @param {string} id
 * @param {any} node
 */
export function nameOf(id, node) {
  return isObject(node) && typeof node.label === "string" && node.label.trim() ? node.label : id;
}

/**
 * The edges of a node, whatever stands there.
 * @param {any} node
 * @returns {any[]}
 */
export function waysOf(node) {
  return isObject(node) && Array.isArray(node.to) ? node.to : [];
}

/**
 * The names of a gate's options.
 * @param {any} node
 * @returns {string[]}
 */
export function optionsOf(node) {
  const options = isObject(node) && Array.isArray(node.options) ? node.options : ["ok"];
  return options.map((option) => String(isObject(option) ? (option.name ?? "") : option)).filter((name) => name !== "");
}

/**
 * The port that an edge leaves by.
 * @param {any} node
 * @param {any} edge
 * @returns {string}
 */
export function portOf(node, edge) {
  if (isObject(edge) && typeof edge.on === "string") return edge.on;
  return PORTS[kindOf(node)]?.[0] ?? "";
}

/**
 * Every port that a node has, and those that it has not but that an edge names.
 * @param {any} node
 * @returns {string[]}
 */
export function allPorts(node) {
  const kind = kindOf(node);
  const own = kind === "human-gate" ? [...optionsOf(node), ...(PORTS["human-gate"] ?? [])] : [...(PORTS[kind] ?? [])];
  return [...new Set([...own, ...waysOf(node).map((edge) => portOf(node, edge))])];
}

/**
 * A port as people call it.
 * @param {any} node
 * @param {string} port
 */
export function portName(node, port) {
  if (kindOf(node) === "human-gate" && isObject(node) && Array.isArray(node.options)) {
    const option = node.options.find((one) => isObject(one) && one.name === port);
    if (isObject(option) && typeof option.label === "string") return option.label;
    if (optionsOf(node).includes(port)) return port;
  }
  return ["ok", "error", "transfer", "branch", "done", "repeat", "expired"].includes(port) ? word(`port.${port}`) : port;
}

/**
 * The muted second line: model, tool, question, duration.
 * @param {any} node
 * @returns {string}
 */
export function detailOf(node) {
  if (!isObject(node)) return "";
  if (typeof node.each === "string") return word("node.each", node.each);
  switch (node.kind) {
    case "agent": {
      const models = (Array.isArray(node.model) ? node.model : [node.model]).filter((one) => typeof one === "string");
      const helpers = isObject(node.agents) ? Object.keys(node.agents).length : 0;
      return [helpers ? word("node.helpers", String(helpers)) : "", models.join(" / ")].filter(Boolean).join(" · ");
    }
    case "tool":
      return typeof node.tool === "string" ? node.tool : "";
    case "human-gate":
      return typeof node.prompt === "string" ? (node.prompt.trim().split("\n")[0] ?? "") : "";
    case "subgraph": {
      if (isObject(node.inline)) return word("node.inside", String(isObject(node.inline.nodes) ? Object.keys(node.inline.nodes).length : 0));
      return typeof node.graph === "string" ? node.graph : "";
    }
    case "wait":
      if (typeof node.signal === "string") return word("node.signal", node.signal);
      if (typeof node.until === "string") return word("node.until", node.until);
      return node.seconds === undefined ? "" : word("node.seconds", String(node.seconds));
    case "end":
      return typeof node.fail === "string" ? node.fail : "";
    default:
      return typeof node.description === "string" ? node.description : "";
  }
}

/**
 * The short sign of a small shape: "≤ 5" of a loop-back, "2 of 3" of a join.
 * @param {any} node
 * @param {number} waysIn
 * @returns {string}
 */
export function markOf(node, waysIn) {
  if (!isObject(node)) return "";
  if (node.kind === "loop-back") return typeof node.max_iterations === "number" ? `≤ ${node.max_iterations}` : "";
  if (node.kind === "join" && waysIn > 1) {
    if (typeof node.wait === "number") return word("node.of", String(node.wait), String(waysIn));
    return node.wait === "any" ? word("join.any") : word("join.all");
  }
  return "";
}

/**
 * What stands on a wire.
 * @param {any} node where it begins
 * @param {number} index
 * @returns {string}
 */
export function wireWords(node, index) {
  const ways = waysOf(node);
  const edge = ways[index];
  if (!isObject(edge)) return "";
  if (typeof edge.label === "string" && edge.label) return edge.label;
  const port = portOf(node, edge);
  if (port === "repeat") return isObject(node) && typeof node.while === "string" ? node.while : "";
  const kind = kindOf(node);
  const isDefault = kind !== "human-gate" && port === PORTS[kind]?.[0];
  const parts = [isDefault ? "" : portName(node, port), typeof edge.when === "string" ? edge.when : ""];
  const isElse = !edge.when && kind !== "parallel-fork" && ways.slice(0, index).some((other) => isObject(other) && portOf(node, other) === port && other.when);
  return [...parts, isElse ? word("wire.else") : ""].filter(Boolean).join(" · ");
}

/**
 * How many plain ways lead to each node.
 * @param {any} nodes
 * @returns {Map<string, number>}
 */
export function waysIn(nodes) {
  const count = new Map();
  for (const node of Object.values(isObject(nodes) ? nodes : {})) {
    for (const edge of waysOf(node)) if (isObject(edge) && portOf(node, edge) !== "repeat") count.set(edge.node, (count.get(edge.node) ?? 0) + 1);
  }
  return count;
}
