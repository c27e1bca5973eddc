// A document as its file has it: `JSON.stringify(value, null, 2)`, an edge and a position each on one line (GRAPH.md §1).
// Rule: the order of keys is the document's own; nothing is added and nothing left out.
import { isObject } from "./context.js";

/**
 * @param {any} graph
 * @returns {string}
 */
export function written(graph) {
  return `${graphText(graph, "")}\n`;
}

/**
 * @param {any} graph
 * @param {string} indent
 * @returns {string}
 */
function graphText(graph, indent) {
  if (!isObject(graph)) return plain(graph, indent);
  return object(graph, indent, (key, value, inner) => {
    if (key === "nodes" && isObject(value)) return object(value, inner, (_id, node, deeper) => nodeText(node, deeper));
    if (key === "layout" && isObject(value)) return object(value, inner, (id, place, deeper) => (id !== "$notes" && Array.isArray(place) && place.every((one) => typeof one === "number") ? oneLine(place) : plain(place, deeper)));
    return plain(value, inner);
  });
}

/**
 * @param {any} node
 * @param {string} indent
 */
function nodeText(node, indent) {
  if (!isObject(node)) return plain(node, indent);
  return object(node, indent, (key, value, inner) => {
    if (key === "to" && Array.isArray(value) && value.length) return `[\n${value.map((edge) => `${inner}  ${isObject(edge) ? oneLine(edge) : plain(edge, `${inner}  `)}`).join(",\n")}\n${inner}]`;
    if (key === "inline") return graphText(value, inner);
    return plain(value, inner);
  });
}

/**
 * @param {Record<string, any>} value
 * @param {string} indent
 * @param {(key: string, value: any, indent: string) => string} inside
 */
function object(value, indent, inside) {
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  const inner = `${indent}  `;
  return `{\n${entries.map(([key, one]) => `${inner}${JSON.stringify(key)}: ${inside(key, one, inner)}`).join(",\n")}\n${indent}}`;
}

/**
 * @param {any} value
 * @param {string} indent
 */
function plain(value, indent) {
  return (JSON.stringify(value, null, 2) ?? "null").replaceAll("\n", `\n${indent}`);
}

/** @param {any} value */
function oneLine(value) {
  if (Array.isArray(value)) return `[${value.map((one) => JSON.stringify(one)).join(", ")}]`;
  return `{${Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${JSON.stringify(one)}`).join(", ")}}`;
}
