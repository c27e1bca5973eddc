// What a template or an expression would come to with given values. Rule: a help for the eye, decided by nobody: where it is
// not sure it says nothing; the engine's own reading is the one that counts. CEL is loaded when the first one is wanted.

/** @import { Graph, Json, Path } from "../contract.d.ts" */

import { isObject } from "./changes.js";
import { knownAt, schemaAt } from "./names.js";
import { mentionsInExpression, mentionsInTemplate } from "./references.js";

/**
 * What a text comes to: a value, or the names that have none, or nothing that can be said.
 * @typedef {{ value: Json } | { missing: string[] } | null} Preview
 */

/**
 * @param {string} text a template
 * @param {Json} names values by the names of GRAPH.md §2: input, state, nodes, …
 * @returns {Preview} null: it holds no name, so that it is what it says
 */
export function templatePreview(text, names) {
  const mentions = mentionsInTemplate(text);
  if (mentions.length === 0) return null;
  const missing = mentions.filter((one) => !one.isOptional && at(names, one.steps) === undefined).map((one) => text.slice(one.start, one.end));
  if (missing.length) return { missing: [...new Set(missing)] };
  const [first] = mentions;
  if (first && mentions.length === 1 && first.start === 1 && text.length === first.end + (first.isOptional ? 2 : 1)) {
    const value = at(names, first.steps);
    return value === undefined ? null : { value };
  }
  let made = "";
  let from = 0;
  for (const { start, end, steps, isOptional } of mentions) {
    const value = at(names, steps);
    made += plain(text.slice(from, start - 1)) + (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
    from = end + (isOptional ? 2 : 1);
  }
  return { value: made + plain(text.slice(from)) };
}

/**
 * @param {string} text an expression
 * @param {Json} names values by the names of GRAPH.md §2
 * @param {{ graph: Graph, path: Path }} place the field, for the types of its names
 * @returns {Promise<Preview>}
 */
export async function expressionPreview(text, names, { graph, path }) {
  const mentions = mentionsInExpression(text);
  const { schemas } = knownAt(graph, path);
  // A name that cannot be there is the checker's matter.
  if (mentions.some(({ steps: [root, ...rest] }) => schemaAt(schemas[String(root)], rest) === undefined)) return null;
  const missing = mentions.filter((one) => !one.isOptional && at(names, one.steps) === undefined).map((one) => text.slice(one.start, one.end));
  if (missing.length) return { missing: [...new Set(missing)] };
  const { Environment } = await import("../../vendor/cel.js");
  const roots = new Set(mentions.map((one) => String(one.steps[0])));
  const given = Object.fromEntries([...roots].map((root) => [root, toCel(at(names, [root]), schemas[root], schemas[root])]));
  try {
    const environment = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits: { maxAstNodes: 1000, maxDepth: 50 } }).registerFunction("sum(list): dyn", sum);
    const value = fromCel(environment.evaluate(text, given));
    return value === undefined ? null : { value };
  } catch {
    return null;
  }
}

/**
 * A whole number is an int to CEL unless its schema says `number`.
 * @param {Json | undefined} value
 * @param {Json | undefined} schema
 * @param {Json | undefined} root what the schema's local references lead into
 * @returns {unknown}
 */
function toCel(value, schema, root) {
  const here = schemaAt(schema, [], root);
  if (typeof value === "number") return Number.isSafeInteger(value) && !(isObject(here) && here["type"] === "number") ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((item) => toCel(item, schemaAt(here, [0], root), root));
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toCel(inner, schemaAt(here, [key], root), root)]));
  return value;
}

/**
 * @param {unknown} value
 * @returns {Json | undefined} undefined: it is no JSON
 */
function fromCel(value) {
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (Array.isArray(value)) {
    const items = value.map(fromCel);
    return items.includes(undefined) ? undefined : /** @type {Json[]} */ (items);
  }
  const entries = value instanceof Map ? [...value] : Object.getPrototypeOf(value) === Object.prototype ? Object.entries(/** @type {object} */ (value)) : null;
  if (!entries) return undefined;
  const made = entries.map(([key, inner]) => /** @type {const} */ ([key, fromCel(inner)]));
  return made.every(([key, inner]) => typeof key === "string" && inner !== undefined) ? /** @type {Json} */ (Object.fromEntries(made)) : undefined;
}

/**
 * The engine's own `sum`.
 * @param {unknown[]} values
 */
function sum(values) {
  if (values.every((value) => typeof value === "bigint")) return values.reduce((/** @type {bigint} */ total, value) => total + value, 0n);
  if (values.every((value) => typeof value === "bigint" || typeof value === "number")) return values.reduce((/** @type {number} */ total, value) => total + Number(value), 0);
  throw new Error("sum takes a list of numbers");
}

/**
 * @param {Json | undefined} value
 * @param {readonly (string | number)[]} steps
 * @returns {Json | undefined}
 */
function at(value, steps) {
  let here = value;
  for (const step of steps) {
    if (Array.isArray(here)) here = here[Number(step)];
    else if (isObject(here) && Object.hasOwn(here, step)) here = here[step];
    else return undefined;
  }
  return here;
}

/**
 * The text between two names, its literal braces single.
 * @param {string} text
 */
function plain(text) {
  return text.replaceAll("{{", "{").replaceAll("}}", "}");
}
