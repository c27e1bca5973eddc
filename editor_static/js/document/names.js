// What may be written at a place: the names that a template or an expression can use there, with their types. Rule: a
// name is offered only where it can lead to something when that field is read; what may then be absent is said.

/** @import { Completion, Graph, Json, JsonObject, Path } from "../contract.d.ts" */

import { isObject, valueAt } from "./changes.js";
import { edgesOf, kindOf, labelOf, nodeAt, nodesOf, portOf } from "./kinds.js";
import { ranBefore, reached, startOf, topological, waysOf } from "./order.js";
import { INITIAL } from "./tables.js";

/**
 * What of the world beside the document types names.
 * @typedef {{
 *   tools?: Readonly<Record<string, Json | undefined>>,
 *   graphs?: Readonly<Record<string, Json | undefined>>,
 * }} Known  tools: name to the schema of its result; graphs: name to the schema of its output
 */

/** @typedef {"start" | "each" | "end" | "edge" | "error" | "transfer" | "output"} Moment */

const TEXT = { type: "string" };
const WHOLE = { type: "integer" };
const YES_NO = { type: "boolean" };
const ERROR = object({ class: TEXT, code: TEXT, message: TEXT, node: TEXT, hint: TEXT });
const RUN = object({ id: TEXT, started_at: TEXT });
const LOOP_OUTPUT = object({ iteration: WHOLE, exhausted: YES_NO });
/** Names of one object are offered down to this depth at once; deeper ones once a point is typed. */
const DEPTH = 2;
const MOST_OFFERED = 500;

/**
 * @param {JsonObject} properties
 * @returns {JsonObject}
 */
function object(properties) {
  return { type: "object", properties, additionalProperties: false };
}

/**
 * When the field at a path is read, and of which node.
 * @param {Graph} graph
 * @param {Path} path from the document's root
 * @returns {{ node: string | null, moment: Moment }}
 */
export function momentOf(graph, path) {
  if (path[0] !== "nodes" || path.length < 3) return { node: null, moment: "output" };
  const id = String(path[1]);
  const field = path[2];
  if (field === "each") return { node: id, moment: "each" };
  if (field === "save" || field === "while") return { node: id, moment: "end" };
  if (field !== "to") return { node: id, moment: "start" };
  const node = nodeAt(graph, id);
  const port = portOf(node, edgesOf(node)[Number(path[3])]);
  return { node: id, moment: port === "error" ? "error" : port === "transfer" ? "transfer" : "edge" };
}

/**
 * The schema of every name that is known at a place, by its first word; `state` and `nodes` hold only what can be there.
 * `optional`: paths that may be absent, as `nodes.a.output`.
 * @param {Graph} graph
 * @param {Path} path
 * @param {Known} [known]
 * @returns {{ schemas: Record<string, Json>, optional: Set<string>, sources: Map<string, string> }}
 */
export function knownAt(graph, path, known = {}) {
  const { node, moment } = momentOf(graph, path);
  const { sure, maybe, loops } = ranAt(graph, node, moment);
  const ways = waysOf(graph);
  const outputs = new Map([...sure, ...maybe].map((id) => [id, outputSchema(graph, id, known, ways)]));
  const optional = new Set([...maybe].flatMap((id) => [`nodes.${id}.output`, `nodes.${id}.port`]));
  for (const id of sure) optional.add(`nodes.${id}.error`);
  /** @type {Record<string, Json>} */
  const schemas = {
    input: isObject(graph.input) ? graph.input : true,
    state: object(stateAt(graph, node, moment, { sure, maybe }, optional)),
    nodes: object(Object.fromEntries([...outputs].map(([id, output]) => [id, nodeSchema(nodeAt(graph, id), output)]))),
    run: RUN,
  };
  const own = node === null ? undefined : nodeAt(graph, node);
  if (loops > 0 && moment !== "output") schemas.iteration = WHOLE;
  if (own?.each !== undefined && moment === "start") {
    schemas.item = itemSchema(graph, own);
    schemas.index = WHOLE;
  }
  if (node !== null && (moment === "end" || moment === "edge")) schemas.output = outputSchema(graph, node, known);
  if (moment === "error") schemas.error = ERROR;
  const sources = new Map([...outputs.keys()].map((id) => [`nodes.${id}`, labelOf(graph, id)]));
  return { schemas, optional, sources };
}

/**
 * The nodes that have run when a field is read: surely, or perhaps.
 * @param {Graph} graph
 * @param {string | null} node null: at the end
 * @param {Moment} moment
 */
function ranAt(graph, node, moment) {
  const ways = waysOf(graph);
  if (node === null) {
    const start = startOf(ways);
    const all = start === undefined ? new Set(ways.ids) : reached(ways, [start]);
    const ends = [...all].filter((id) => (ways.out.get(id) ?? []).length === 0);
    const [only] = ends;
    const sure = ends.length === 1 && only !== undefined ? new Set([...dominators(ways, only), only]) : new Set(start === undefined ? [] : [start]);
    return { sure, maybe: without(all, sure), loops: 0 };
  }
  const { before, earlier, loops } = ranBefore(graph, node);
  const dominating = dominators(ways, node);
  const failing = new Set([...dominating].filter((id) => (ways.out.get(id) ?? []).some((way) => way.port === "error" && reached(ways, [way.to]).has(node))));
  const sure = without(dominating, failing);
  // A node's own writes and output are there once it has ended.
  if (moment === "end" || moment === "edge") sure.add(node);
  return { sure, maybe: without(new Set([...before, ...earlier]), sure), loops: loops.length };
}

/**
 * @template T
 * @param {ReadonlySet<T>} all
 * @param {ReadonlySet<T>} less
 */
function without(all, less) {
  return new Set([...all].filter((item) => !less.has(item)));
}

/**
 * The nodes through which every way from the start to a node leads, itself aside. O(edges * depth).
 * @param {import("./order.js").Ways} ways
 * @param {string} id
 * @returns {Set<string>}
 */
function dominators(ways, id) {
  const above = new Map(/** @type {[string, string | null][]} */ ([]));
  const depth = new Map(/** @type {[string, number][]} */ ([]));
  for (const node of topological(ways)) {
    let nearest = /** @type {string | null | undefined} */ (undefined);
    for (const way of ways.into.get(node) ?? []) {
      if (depth.has(way.node)) nearest = nearest === undefined ? way.node : nearest === null ? null : meet(nearest, way.node);
    }
    above.set(node, nearest ?? null);
    depth.set(node, nearest == null ? 0 : (depth.get(nearest) ?? 0) + 1);
  }
  const found = new Set(/** @type {string[]} */ ([]));
  for (let node = above.get(id); node != null; node = above.get(node)) found.add(node);
  return found;

  /**
   * @param {string} one
   * @param {string} other
   * @returns {string | null}
   */
  function meet(one, other) {
    let [a, b] = /** @type {[string | null, string | null]} */ ([one, other]);
    while (a !== b) {
      if (a === null || b === null) return null;
      if ((depth.get(a) ?? 0) >= (depth.get(b) ?? 0)) a = above.get(a) ?? null;
      else b = above.get(b) ?? null;
    }
    return a;
  }
}

/**
 * The keys of the state that can be there, with their schemas.
 * @param {Graph} graph
 * @param {string | null} node
 * @param {Moment} moment
 * @param {{ sure: Set<string>, maybe: Set<string> }} ran
 * @param {Set<string>} optional is added to
 * @returns {JsonObject}
 */
function stateAt(graph, node, moment, { sure, maybe }, optional) {
  const declared = isObject(graph.state) ? graph.state : {};
  // `save` sees the state as it is when the node ends, not with its own writes.
  const writers = (/** @type {Set<string>} */ ids) => new Set([...ids].filter((id) => !(id === node && moment === "end")).flatMap((id) => writesOf(nodeAt(graph, id))));
  const [always, perhaps] = [writers(sure), writers(maybe)];
  return Object.fromEntries(Object.entries(declared).flatMap(([key, value]) => {
    const merge = isObject(value) && typeof value.merge === "string" ? value.merge : "replace";
    const isThere = (isObject(value) && value.default !== undefined) || Object.hasOwn(INITIAL, merge) || always.has(key);
    if (!isThere && !perhaps.has(key)) return [];
    if (!isThere) optional.add(`state.${key}`);
    return [[key, isObject(value) && value.schema !== undefined ? value.schema : true]];
  }));
}

/**
 * The keys of the state that a node writes.
 * @param {Json | undefined} node
 * @returns {string[]}
 */
export function writesOf(node) {
  if (!isObject(node)) return [];
  const keys = Object.keys(isObject(node.save) ? node.save : {});
  return typeof node.output_key === "string" ? [node.output_key, ...keys] : keys;
}

/**
 * @param {JsonObject | undefined} node
 * @param {Json} output
 * @returns {Json}
 */
function nodeSchema(node, output) {
  /** @type {JsonObject} */
  const fields = { output, error: ERROR, port: TEXT };
  if (kindOf(node) === "human-gate") fields.escalated = YES_NO;
  if (node?.each !== undefined) fields.errors = { type: "object", additionalProperties: ERROR };
  return object(fields);
}

/**
 * What a node puts out; `true` where nothing is known.
 * @param {Graph} graph
 * @param {string} id
 * @param {Known} [known]
 * @param {import("./order.js").Ways} [ways] of the document, where they are at hand
 * @returns {Json}
 */
export function outputSchema(graph, id, known = {}, ways = waysOf(graph)) {
  const node = nodeAt(graph, id);
  switch (kindOf(node)) {
    case "agent": {
      const handsOver = edgesOf(node).some((edge) => portOf(node, edge) === "transfer");
      return listed(node, handsOver ? true : node?.output_schema ?? TEXT);
    }
    case "tool":
      return listed(node, known.tools?.[String(node?.tool)] ?? true);
    case "subgraph":
      return listed(node, subgraphSchema(node, known));
    case "join": {
      const into = ways.into.get(id) ?? [];
      return object(Object.fromEntries(into.map((way) => [way.node, joinedSchema(graph, way.node, known, ways)])));
    }
    case "loop-back":
      return LOOP_OUTPUT;
    case "human-gate": {
      const options = Array.isArray(node?.options) ? node.options : [];
      const isMixed = options.some((option) => isObject(option) && option.form !== undefined);
      return object({ option: TEXT, form: isMixed ? true : node?.form ?? true, by: TEXT, at: TEXT });
    }
    default:
      return true;
  }
}

/**
 * What a join tells of one node before it; what that in turn holds of others is left open, since joins can follow joins.
 * @param {Graph} graph
 * @param {string} id
 * @param {Known} known
 * @param {import("./order.js").Ways} ways
 * @returns {Json}
 */
function joinedSchema(graph, id, known, ways) {
  return kindOf(nodeAt(graph, id)) === "join" ? true : outputSchema(graph, id, known, ways);
}

/**
 * @param {JsonObject | undefined} node
 * @param {Known} known
 * @returns {Json}
 */
function subgraphSchema(node, known) {
  const inner = isObject(node?.inline) ? node.inline.output : undefined;
  if (isObject(inner)) return { type: "object", properties: Object.fromEntries(Object.keys(inner).map((key) => [key, true])) };
  return known.graphs?.[String(node?.graph)] ?? true;
}

/**
 * @param {JsonObject | undefined} node
 * @param {Json} schema
 * @returns {Json}
 */
function listed(node, schema) {
  if (node?.each === undefined) return schema;
  const hasHoles = node.accept_failed === true || node.wait !== undefined;
  return { type: "array", items: hasHoles ? true : schema };
}

/**
 * @param {Graph} graph
 * @param {JsonObject} node
 * @returns {Json}
 */
function itemSchema(graph, node) {
  const steps = typeof node.each === "string" && /^[a-z_]\w*(\.\w+)*$/i.test(node.each.trim()) ? node.each.trim().split(".") : [];
  const [root, key, ...rest] = steps;
  const list = root === "input" ? schemaAt(graph.input, steps.slice(1)) : root === "state" && key !== undefined ? schemaAt(valueAt(graph, ["state", key, "schema"]), rest) : undefined;
  return isObject(list) && list.items !== undefined ? list.items : true;
}

/**
 * The schema of what some names lead to in a schema; `true` where it is open, undefined where nothing can be.
 * @param {Json | undefined} schema
 * @param {readonly (string | number)[]} steps
 * @param {Json | undefined} [root] what its local references lead into
 * @returns {Json | undefined}
 */
export function schemaAt(schema, steps, root = schema) {
  const here = dereferenced(schema, root);
  const [step, ...rest] = steps;
  if (step === undefined) return here;
  if (!isObject(here)) return here;
  const isOpen = ["anyOf", "oneOf", "allOf"].some((keyword) => Array.isArray(here[keyword]));
  if (typeof here.type === "string" && here.type !== (typeof step === "number" ? "array" : "object") && !isOpen) return undefined;
  if (typeof step === "number") return schemaAt(here.items ?? true, rest, root);
  const properties = isObject(here.properties) ? here.properties : {};
  if (Object.hasOwn(properties, step)) return schemaAt(properties[step], rest, root);
  if (here.additionalProperties === false) return undefined;
  if (isObject(here.additionalProperties)) return schemaAt(here.additionalProperties, rest, root);
  // A schema that lists properties names all there are, unless it says otherwise: as the engine reads it.
  const isClosed = isObject(here.properties) && here.additionalProperties === undefined && here.patternProperties === undefined && !isOpen;
  return isClosed ? undefined : true;
}

/**
 * @param {Json | undefined} schema
 * @param {Json | undefined} root
 * @returns {Json | undefined}
 */
function dereferenced(schema, root) {
  let here = schema;
  for (let hops = 0; isObject(here) && typeof here.$ref === "string" && here.$ref.startsWith("#/"); hops += 1) {
    if (hops > 16) return true;
    here = valueAt(root, here.$ref.slice(2).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")));
  }
  return here;
}

/**
 * A schema's type in one word.
 * @param {Json | undefined} schema
 * @returns {string}
 */
export function typeOf(schema) {
  if (!isObject(schema)) return "any";
  if (typeof schema.type === "string") {
    return schema.type === "array" && isObject(schema.items) ? `list of ${typeOf(schema.items)}` : schema.type === "array" ? "list" : schema.type;
  }
  if (Array.isArray(schema.type)) return schema.type.join(" or ");
  if (Array.isArray(schema.enum)) return schema.enum.map((item) => JSON.stringify(item)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  return isObject(schema.properties) ? "object" : "any";
}

/**
 * Everything that may be written at a place, the nearest first: its own output and item, state, input, nodes, run.
 * @param {Graph} graph
 * @param {Path} path of the field, from the document's root
 * @param {Known} [known]
 * @returns {Completion[]}
 */
export function namesAt(graph, path, known = {}) {
  const { schemas, optional, sources } = knownAt(graph, path, known);
  const order = ["output", "error", "item", "index", "state", "input", "iteration", "nodes", "run"];
  /** @type {Completion[]} */
  const found = [];
  for (const root of order) {
    const schema = schemas[root];
    if (schema === undefined) continue;
    if (root === "nodes") {
      for (const id of Object.keys(isObject(schema) && isObject(schema.properties) ? schema.properties : {}).reverse()) {
        offer(found, `nodes.${id}.output`, schemaAt(schema, [id, "output"]) ?? true, { optional, source: "nodes", depth: 1, detail: sources.get(`nodes.${id}`) });
      }
    } else offer(found, root, schema, { optional, source: sourceOf(root), depth: DEPTH });
  }
  return found.slice(0, MOST_OFFERED);
}

/**
 * @param {string} root
 * @returns {Completion["source"]}
 */
function sourceOf(root) {
  switch (root) {
    case "input": case "state": case "nodes": case "run": case "item": case "error":
      return root;
    case "index":
      return "item";
    case "iteration":
      return "loop";
    default:
      return "own";
  }
}

/**
 * @param {Completion[]} found
 * @param {string} text
 * @param {Json} schema
 * @param {{ optional: Set<string>, source: Completion["source"], depth: number, detail?: string | undefined, root?: Json }} how
 */
function offer(found, text, schema, how) {
  const root = how.root ?? schema;
  const here = dereferenced(schema, root) ?? true;
  const isGroup = text === "state" || text === "run" || (text === "input" && isObject(here) && isObject(here.properties));
  const own = isObject(here) && typeof here.description === "string" ? here.description : undefined;
  const detail = how.detail ?? own;
  const isOptional = [...how.optional].some((path) => text === path || text.startsWith(`${path}.`));
  if (!isGroup) {
    found.push({
      text, source: how.source, schema: here, type: typeOf(here), ...(detail === undefined ? {} : { detail }), ...(isOptional ? { isOptional } : {}),
    });
  }
  if (how.depth === 0 || !isObject(here) || !isObject(here.properties)) return;
  for (const [key, inner] of Object.entries(here.properties)) {
    if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(key)) offer(found, `${text}.${key}`, inner, { ...how, depth: how.depth - 1, detail: undefined, root: text === "state" ? inner : root });
  }
}

/**
 * What may be written where the cursor stands in a text: the completions and the part of the text that they replace.
 * Null where no name begins: in a template outside of braces, in an expression within a string.
 * @param {Graph} graph
 * @param {Path} path of the field
 * @param {{ text: string, cursor: number, isExpression: boolean }} typed
 * @param {Known} [known]
 * @returns {{ from: number, to: number, items: Completion[] } | null}
 */
export function complete(graph, path, { text, cursor, isExpression }, known = {}) {
  const head = text.slice(0, cursor);
  const typed = /[\p{L}_][\p{L}\p{N}_]*(?:(?:\.[\p{L}_][\p{L}\p{N}_]*|\[\d+\]))*\.?$/u.exec(head)?.[0] ?? "";
  const from = cursor - typed.length;
  if (isExpression ? isInString(head) : !opensReference(head.slice(0, from))) return null;
  const rest = /^[\p{L}\p{N}_]*/u.exec(text.slice(cursor))?.[0] ?? "";
  const all = [...namesAt(graph, path, known), ...deeper(graph, path, typed, known)];
  const wanted = typed.toLowerCase();
  const items = all.filter((item, place) => matches(item, wanted) && all.findIndex((other) => other.text === item.text) === place);
  const rank = (/** @type {Completion} */ item) => (item.text.toLowerCase().startsWith(wanted) ? 0 : 1);
  return { from, to: cursor + rest.length, items: items.sort((one, other) => rank(one) - rank(other)) };
}

/**
 * @param {Completion} item
 * @param {string} wanted small letters
 */
function matches(item, wanted) {
  const text = item.text.toLowerCase();
  return text.startsWith(wanted) || text.split(".").some((part) => part.startsWith(wanted)) || (item.source === "state" && text.startsWith(`state.${wanted}`));
}

/**
 * Names below a path that is typed already, deeper than `namesAt` lists them.
 * @param {Graph} graph
 * @param {Path} path
 * @param {string} typed
 * @param {Known} known
 * @returns {Completion[]}
 */
function deeper(graph, path, typed, known) {
  const place = Math.max(typed.lastIndexOf("."), typed.lastIndexOf("["));
  if (place < 0) return [];
  const prefix = typed.slice(0, typed.lastIndexOf("."));
  const steps = prefix.match(/[\p{L}_][\p{L}\p{N}_]*|\d+/gu)?.map((step) => (/^\d/.test(step) ? Number(step) : step)) ?? [];
  const [root, ...rest] = steps;
  const { schemas, optional } = knownAt(graph, path, known);
  const schema = schemaAt(schemas[String(root)], rest);
  if (!isObject(schema) || !isObject(schema.properties)) return [];
  /** @type {Completion[]} */
  const found = [];
  for (const [key, inner] of Object.entries(schema.properties)) {
    offer(found, `${prefix}.${key}`, inner, { optional, source: sourceOf(String(root)), depth: 0, root: schemas[String(root)] ?? true });
  }
  return found;
}

/**
 * Whether a template's text ends with a brace that opens a reference: one, not two.
 * @param {string} head
 */
function opensReference(head) {
  const braces = /\{+$/.exec(head)?.[0].length ?? 0;
  return braces % 2 === 1;
}

/** @param {string} head of a CEL expression */
function isInString(head) {
  let open = "";
  for (let place = 0; place < head.length; place += 1) {
    const letter = head[place];
    if (letter === "\\" && open) place += 1;
    else if (open ? letter === open : letter === '"' || letter === "'") open = open ? "" : String(letter);
  }
  return open !== "";
}

/**
 * How a completion is written into a template: with braces, and `?` where it may be absent.
 * @param {Completion} item
 */
export function asReference(item) {
  return `{${item.text}${item.isOptional ? "?" : ""}}`;
}

/**
 * The state that comes in at a node, for its inspector: each key with its type and who writes it.
 * @param {Graph} graph
 * @param {string} id
 * @returns {{ key: string, type: string, isOptional: boolean, writers: string[] }[]}
 */
export function stateInto(graph, id) {
  const { schemas, optional } = knownAt(graph, ["nodes", id, "prompt"]);
  const { sure, maybe } = ranAt(graph, id, "start");
  const keys = isObject(schemas.state) && isObject(schemas.state.properties) ? schemas.state.properties : {};
  return Object.entries(keys).map(([key, schema]) => ({
    key,
    type: typeOf(schema),
    isOptional: optional.has(`state.${key}`),
    writers: Object.keys(nodesOf(graph)).filter((other) => (sure.has(other) || maybe.has(other)) && writesOf(nodeAt(graph, other)).includes(key)),
  }));
}
