// What a node is by its kind: its ports, fields, defaults, and its edges as they stand in the file. Rule: a node may be
// anything, since a document may be broken; what is no node of a known kind has no ports and no fields.

/** @import { EdgePlace, Graph, Json, JsonObject, Kind } from "../contract.d.ts" */

import { isObject } from "./changes.js";
import { DEFAULTS, EXECUTING_FIELDS, FIELDS, KINDS, OWN_FIELDS, PORTS, WORDS, ROOTS } from "./tables.js";

export { EXECUTING_FIELDS, KINDS, OWN_FIELDS, ROOTS };

/** Options that a gate cannot have, since ports of other meaning are called so. */
export const RESERVED_OPTIONS = Object.freeze(["error", "expired", "transfer", "repeat", "done"]);

/** The kinds that the palette shows first: enough for every pattern. */
export const CORE_KINDS = Object.freeze(/** @type {Kind[]} */ (KINDS.slice(0, 6)));

/** Where a new node of a kind is put into words before it has a label. @type {Readonly<Record<Kind, string>>} */
const STEMS = {
  agent: "agent",
  tool: "tool",
  "parallel-fork": "fork",
  join: "join",
  "loop-back": "again",
  "human-gate": "gate",
  subgraph: "subgraph",
  wait: "wait",
  end: "end",
};

/**
 * What a node of a kind begins with. Always of good form, so that it can be saved at once.
 * @param {Kind} kind
 * @returns {JsonObject}
 */
export function newNode(kind) {
  switch (kind) {
    case "tool":
      return { kind, tool: "" };
    case "loop-back":
      return { kind, max_iterations: 5, on_limit: "exit" };
    case "human-gate":
      return { kind, prompt: "", options: ["approve", "reject"] };
    case "subgraph":
      return { kind, graph: "" };
    case "wait":
      return { kind, seconds: 60 };
    default:
      return { kind };
  }
}

/**
 * Every node of a document, by id; broken ones too.
 * @param {Graph} graph
 * @returns {JsonObject}
 */
export function nodesOf(graph) {
  return isObject(graph.nodes) ? graph.nodes : {};
}

/**
 * @param {Graph} graph
 * @param {string} id
 * @returns {JsonObject | undefined} undefined where there is no node, or something that is none
 */
export function nodeAt(graph, id) {
  const nodes = nodesOf(graph);
  const node = Object.hasOwn(nodes, id) ? nodes[id] : undefined;
  return isObject(node) ? node : undefined;
}

/**
 * @param {Json | undefined} node
 * @returns {Kind | null} null where it is none that is known
 */
export function kindOf(node) {
  const kind = isObject(node) ? node.kind : undefined;
  return typeof kind === "string" && KINDS.includes(kind) ? /** @type {Kind} */ (kind) : null;
}

/**
 * What a node is called on the canvas.
 * @param {Graph} graph
 * @param {string} id
 */
export function labelOf(graph, id) {
  const label = nodeAt(graph, id)?.label;
  return typeof label === "string" && label.trim() ? label : id;
}

/**
 * The names of a gate's options.
 * @param {Json | undefined} node
 * @returns {string[]}
 */
export function optionsOf(node) {
  const options = isObject(node) && Array.isArray(node.options) ? node.options : DEFAULTS["human-gate"].options;
  return options.flatMap((/** @type {Json} */ option) => {
    const name = isObject(option) ? option.name : option;
    return typeof name === "string" ? [name] : [];
  });
}

/**
 * Every port of a node, its default first; a gate's options before `expired` and `error`.
 * @param {Json | undefined} node
 * @returns {string[]}
 */
export function portsOf(node) {
  const kind = kindOf(node);
  if (kind === null) return [];
  const ports = PORTS[kind] ?? [];
  return kind === "human-gate" ? [...new Set([...optionsOf(node), ...ports])] : [...ports];
}

/**
 * The port on which a new edge stands when none is named: the kind's first; of a gate the first option without an edge.
 * "" where the node has no ports.
 * @param {Json | undefined} node
 * @returns {string}
 */
export function defaultPort(node) {
  if (kindOf(node) !== "human-gate") return portsOf(node)[0] ?? "";
  const taken = new Set(edgesOf(node).map((edge) => portOf(node, edge)));
  const options = optionsOf(node);
  return options.find((option) => !taken.has(option)) ?? options[0] ?? "";
}

/**
 * The port on which an edge stands. An edge of a gate that names none stands on none: "".
 * @param {Json | undefined} node
 * @param {Json | undefined} edge
 * @returns {string}
 */
export function portOf(node, edge) {
  if (isObject(edge) && typeof edge.on === "string") return edge.on;
  const kind = kindOf(node);
  return kind === null || kind === "human-gate" ? "" : PORTS[kind]?.[0] ?? "";
}

/**
 * What `on` of an edge is written as: nothing for the default port of a kind that has one.
 * @param {Json | undefined} node
 * @param {string} port
 * @returns {string | undefined}
 */
export function writtenPort(node, port) {
  return port !== "" && port === portOf(node, {}) ? undefined : port;
}

/**
 * The edges of a node as they stand in the file; entries that are no edges too.
 * @param {Json | undefined} node
 * @returns {Json[]}
 */
export function edgesOf(node) {
  return isObject(node) && Array.isArray(node.to) ? node.to : [];
}

/**
 * Where an edge leads; undefined where it says nothing.
 * @param {Json | undefined} edge
 * @returns {string | undefined}
 */
export function targetOf(edge) {
  return isObject(edge) && typeof edge.node === "string" ? edge.node : undefined;
}

/**
 * Whether an edge is taken whenever it is looked at.
 * @param {Json | undefined} edge
 */
export function isUnconditional(edge) {
  return isObject(edge) && edge.when === undefined;
}

/**
 * Whether an edge stands on the `repeat` port of a loop-back.
 * @param {Json | undefined} node
 * @param {Json | undefined} edge
 */
export function isRepeat(node, edge) {
  return kindOf(node) === "loop-back" && portOf(node, edge) === "repeat";
}

/**
 * Whether a port takes several edges at once or leaves the choice to a model, so that edges stand on it side by side.
 * @param {Json | undefined} node
 * @param {string} port
 */
export function isShared(node, port) {
  return port === "transfer" || (kindOf(node) === "parallel-fork" && port === "branch");
}

/**
 * Every edge of a document with its place, in file order.
 * @param {Graph} graph
 * @returns {{ node: string, index: number, edge: Json, port: string, to: string | undefined }[]}
 */
export function allEdges(graph) {
  return Object.entries(nodesOf(graph)).flatMap(([id, node]) =>
    edgesOf(node).map((edge, index) => ({ node: id, index, edge, port: portOf(node, edge), to: targetOf(edge) })),
  );
}

/**
 * The edge at a place.
 * @param {Graph} graph
 * @param {EdgePlace} place
 * @returns {JsonObject | undefined}
 */
export function edgeAt(graph, place) {
  const edge = edgesOf(nodeAt(graph, place.node))[place.index];
  return isObject(edge) ? edge : undefined;
}

/**
 * The fields of a kind, in the order in which they are written.
 * @param {string | null} kind
 * @returns {readonly string[]}
 */
export function fieldsOf(kind) {
  return (kind !== null && Object.hasOwn(FIELDS, kind) && FIELDS[kind]) || ["kind", "label", "description", "to"];
}

/**
 * What a field means while it is absent; undefined where it means nothing.
 * @param {Kind} kind
 * @param {string} field
 * @returns {Json | undefined}
 */
export function defaultOf(kind, field) {
  const defaults = DEFAULTS[kind] ?? {};
  return Object.hasOwn(defaults, field) ? defaults[field] : undefined;
}

/**
 * Whether a node or a key of the state can be called so.
 * @param {string} text
 */
export function isId(text) {
  return /^[a-z][a-z0-9_]{0,63}$/.test(text) && !WORDS.includes(text);
}

/**
 * Whether a key of the state can be called so: no node's word, and none that begins a reference.
 * @param {string} text
 */
export function isStateKey(text) {
  return isId(text) && !ROOTS.includes(text);
}

/**
 * An id that resembles a text: `My Node` gives `my_node`.
 * @param {string} text
 * @param {string} stem what it is where nothing of the text can be used
 */
export function suggestedId(text, stem) {
  const lowered = text.toLowerCase().slice(0, 48).replace(/[^a-z0-9]+/g, "_").replace(/^[0-9_]+|_+$/g, "");
  return isStateKey(lowered) ? lowered : lowered ? `${lowered}_${stem}` : stem;
}

/**
 * What a new node is called: after its label, its tool or its kind, and not as another one.
 * @param {ReadonlySet<string> | JsonObject} taken
 * @param {Kind} kind
 * @param {JsonObject} [fields]
 */
export function newId(taken, kind, fields = {}) {
  const named = [fields.label, fields.tool, fields.graph].find((text) => typeof text === "string" && text !== "");
  return freshId(taken, suggestedId(String(named ?? ""), STEMS[kind]));
}

/**
 * A name that is not taken, like the one that is wanted.
 * @param {ReadonlySet<string> | JsonObject} taken
 * @param {string} wanted
 */
export function freshId(taken, wanted) {
  const isTaken = (/** @type {string} */ id) => (taken instanceof Set ? taken.has(id) : Object.hasOwn(taken, id));
  // The number of a copy is counted on: `write_2` gives `write_3`, not `write_2_2`.
  const base = wanted.replace(/_\d+$/, "").slice(0, 56) || wanted;
  if (!isTaken(wanted)) return wanted;
  let number = 2;
  while (isTaken(`${base}_${number}`)) number += 1;
  return `${base}_${number}`;
}
