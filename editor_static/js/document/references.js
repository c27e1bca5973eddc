// Names in templates and expressions: where they stand and how they are rewritten. Rule: a text is only ever changed
// where a name stands; blanks, strings, comments and literal braces around it stay as their author wrote them.

/** @import { Graph, Json, JsonObject, Path } from "../contract.d.ts" */

import { isObject } from "./changes.js";
import { edgesOf, kindOf, nodesOf, ROOTS } from "./kinds.js";
import { Draft } from "./draft.js";

/** @typedef {(string | number)[]} Steps  `nodes.a.output[0]` is ["nodes", "a", "output", 0]; `{key}` is ["state", "key"] */

/**
 * One name in a text.
 * @typedef {{ steps: Steps, start: number, end: number, isOptional: boolean, isShort: boolean }} Mention
 *   start, end: of the name alone, without braces and `?`
 */

/**
 * A text of the document that uses names.
 * @typedef {{ path: Path, text: string, isExpression: boolean }} Spot
 */

const NAME = String.raw`[\p{L}_][\p{L}\p{N}_]*`;
const TOKEN = new RegExp(String.raw`\{\{|\}\}|\{(${NAME}(?:\.${NAME}|\[\d{1,9}\])*)(\??)\}`, "gu");
const STEP = new RegExp(String.raw`${NAME}|\d+`, "gu");
const WORD =
  /(?<blank>\s+|\/\/[^\n]*)|(?<text>(?:[bB][rR]?|[rR][bB]?)?(?:'{3}(?:\\.|[^\\])*?'{3}|"{3}(?:\\.|[^\\])*?"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))|(?<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?[uU]?)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<mark>&&|\|\||[=!<>]=|.)/gsy;
const LOOPS = new Set(["all", "exists", "exists_one", "existsOne", "map", "filter", "optMap", "optFlatMap"]);
const LITERALS = new Set(["true", "false", "null", "in"]);

/**
 * Every name in a template, in order.
 * @param {string} text
 * @returns {Mention[]}
 */
export function mentionsInTemplate(text) {
  return [...text.matchAll(TOKEN)].flatMap((found) => {
    const name = found[1];
    if (name === undefined) return [];
    const steps = (name.match(STEP) ?? []).map((step) => (/^\d/.test(step) ? Number(step) : step));
    const isShort = !ROOTS.includes(String(steps[0]));
    const start = found.index + 1;
    return [{
      steps: isShort ? ["state", ...steps] : steps, start, end: start + name.length, isOptional: found[2] === "?", isShort,
    }];
  });
}

/**
 * Every name in a CEL expression that none of its own loops binds, in order.
 * @param {string} text
 * @returns {Mention[]}
 */
export function mentionsInExpression(text) {
  const words = wordsOf(text);
  const at = (/** @type {number} */ index) => words[index]?.text ?? "";
  const bound = new Set(words.flatMap((word, index) => {
    const isLoop = LOOPS.has(word.text) && at(index - 1) === "." && at(index + 1) === "(";
    return isLoop && words[index + 2]?.sort === "name" && at(index + 3) === "," ? [at(index + 2)] : [];
  }));
  /** @type {Mention[]} */
  const found = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = /** @type {Word} */ (words[index]);
    const isField = at(index - 1) === "." || (at(index - 1) === "?" && at(index - 2) === ".");
    if (word.sort !== "name" || isField || LITERALS.has(word.text) || at(index + 1) === "(" || bound.has(word.text)) continue;
    /** @type {Steps} */
    const steps = [word.text];
    let last = index;
    for (;;) {
      if (at(last + 1) === "." && words[last + 2]?.sort === "name" && at(last + 3) !== "(") {
        steps.push(at(last + 2));
        last += 2;
      } else if (at(last + 1) === "[" && /^(["'])[A-Za-z_]\w*\1$/.test(at(last + 2)) && at(last + 3) === "]") {
        steps.push(at(last + 2).slice(1, -1));
        last += 3;
      } else break;
    }
    const inHas = at(index - 1) === "(" && at(index - 2) === "has" && at(last + 1) === ")";
    const isOptional = inHas || ((at(last + 1) === "." || at(last + 1) === "[") && at(last + 2) === "?");
    const end = /** @type {Word} */ (words[last]);
    found.push({ steps, start: word.start, end: end.start + end.text.length, isOptional, isShort: false });
    index = last;
  }
  return found;
}

/** @typedef {{ sort: string, text: string, start: number }} Word */

/**
 * @param {string} text
 * @returns {Word[]}
 */
function wordsOf(text) {
  return [...text.matchAll(WORD)].flatMap((found) => {
    const sort = Object.entries(found.groups ?? {}).find(([, value]) => value !== undefined)?.[0] ?? "mark";
    return sort === "blank" ? [] : [{ sort, text: found[0], start: found.index }];
  });
}

/**
 * A name as it is written.
 * @param {Steps} steps
 */
export function writtenSteps(steps) {
  return steps.map((step, place) => (typeof step === "number" ? `[${step}]` : place ? `.${step}` : step)).join("");
}

/**
 * A text with its names rewritten.
 * @param {string} text
 * @param {boolean} isExpression
 * @param {(steps: Steps) => Steps | null} rewrite null: it stays
 */
export function rewritten(text, isExpression, rewrite) {
  let result = "";
  let from = 0;
  for (const mention of isExpression ? mentionsInExpression(text) : mentionsInTemplate(text)) {
    const steps = rewrite(mention.steps);
    if (steps === null) continue;
    const isShort = mention.isShort && steps[0] === "state" && !ROOTS.includes(String(steps[1]));
    result += text.slice(from, mention.start) + writtenSteps(isShort ? steps.slice(1) : steps);
    from = mention.end;
  }
  return result + text.slice(from);
}

/**
 * Every text of a document that uses names, in file order; those of inline graphs are their own affair.
 * @param {Graph} graph
 * @returns {Spot[]}
 */
export function spotsOf(graph) {
  const inNodes = Object.entries(nodesOf(graph)).flatMap(([id, node]) => spotsOfNode(node, ["nodes", id]));
  return [...inNodes, ...valueSpots(graph.output, ["output"])];
}

/**
 * Every text of a node that uses names.
 * @param {Json | undefined} node
 * @param {Path} path of the node
 * @returns {Spot[]}
 */
export function spotsOfNode(node, path) {
  if (!isObject(node)) return [];
  const values = (/** @type {string[]} */ ...fields) =>
    fields.flatMap((field) => valueSpots(node[field], [...path, field]));
  const edges = edgesOf(node).flatMap((edge, index) =>
    isObject(edge) ? expression(edge.when, [...path, "to", index, "when"]) : [],
  );
  return [
    ...startSpots(node, path, values),
    ...(isObject(node.cache) ? valueSpots(node.cache.key, [...path, "cache", "key"]) : []),
    ...expression(node.each, [...path, "each"]),
    ...(kindOf(node) === "loop-back" ? expression(node.while, [...path, "while"]) : []),
    ...values("save"),
    ...edges,
  ];
}

/**
 * @param {JsonObject} node
 * @param {Path} path
 * @param {(...fields: string[]) => Spot[]} values
 * @returns {Spot[]}
 */
function startSpots(node, path, values) {
  switch (kindOf(node)) {
    case "agent":
      return agentSpots(node, path);
    case "tool":
    case "subgraph":
      return values("args");
    case "human-gate":
      return values("prompt", "prefill");
    case "wait":
      return values("seconds", "until", "signal");
    case "end":
      return values("output", "fail");
    default:
      return [];
  }
}

/**
 * @param {JsonObject} agent
 * @param {Path} path
 * @returns {Spot[]}
 */
function agentSpots(agent, path) {
  const own = ["instructions", "prompt", "attachments"].flatMap((field) => valueSpots(agent[field], [...path, field]));
  const inner = Object.entries(isObject(agent.agents) ? agent.agents : {}).flatMap(([name, other]) =>
    isObject(other) ? agentSpots(other, [...path, "agents", name]) : [],
  );
  return [...own, ...inner];
}

/**
 * @param {Json | undefined} value
 * @param {Path} path
 * @returns {Spot[]}
 */
function expression(value, path) {
  return typeof value === "string" ? [{ path, text: value, isExpression: true }] : [];
}

/**
 * @param {Json | undefined} value
 * @param {Path} path
 * @returns {Spot[]}
 */
function valueSpots(value, path) {
  if (typeof value === "string") return value.includes("{") ? [{ path, text: value, isExpression: false }] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => valueSpots(item, [...path, index]));
  if (!isObject(value)) return [];
  if (Object.keys(value).length === 1 && typeof value.$cel === "string") return expression(value.$cel, [...path, "$cel"]);
  if ("$secret" in value || "$file" in value) return [];
  return Object.entries(value).flatMap(([key, item]) => valueSpots(item, [...path, key]));
}

/**
 * Every name that some texts use.
 * @param {readonly Spot[]} spots
 * @returns {{ spot: Spot, mention: Mention }[]}
 */
export function mentionsIn(spots) {
  return spots.flatMap((spot) => {
    const found = spot.isExpression ? mentionsInExpression(spot.text) : mentionsInTemplate(spot.text);
    return found.map((mention) => ({ spot, mention }));
  });
}

/**
 * Rewrite names in some texts of a draft.
 * @param {Draft} draft
 * @param {readonly Spot[]} spots
 * @param {(steps: Steps, spot: Spot) => Steps | null} rewrite
 */
export function rewriteSpots(draft, spots, rewrite) {
  for (const spot of spots) {
    const text = rewritten(spot.text, spot.isExpression, (steps) => rewrite(steps, spot));
    if (text !== spot.text) draft.set(spot.path, text);
  }
}

/**
 * Follow nodes that got other ids: `nodes.ID`, and the outputs of joins, which are called after the nodes before them.
 * @param {ReadonlyMap<string, string>} ids old to new
 * @param {(id: string) => boolean} isJoin by the old id
 * @returns {(steps: Steps, owner: string | null) => Steps | null} owner: the old id of the node that the text belongs to
 */
export function followIds(ids, isJoin) {
  const renamed = (/** @type {string | number | undefined} */ step) => ids.get(String(step)) ?? step;
  return (steps, owner) => {
    const [root, id, field, key, ...rest] = steps;
    if (root === "nodes" && id !== undefined) {
      const hasKey = field === "output" && typeof key === "string" && isJoin(String(id));
      if (!ids.has(String(id)) && !(hasKey && ids.has(key))) return null;
      const tail = key === undefined ? [] : [hasKey ? renamed(key) : key, ...rest];
      return /** @type {Steps} */ ([root, renamed(id), ...(field === undefined ? [] : [field]), ...tail]);
    }
    if (root === "output" && owner !== null && isJoin(owner) && ids.has(String(id))) {
      return /** @type {Steps} */ ([root, renamed(id), ...steps.slice(2)]);
    }
    return null;
  };
}

/**
 * The node that a text belongs to; null for the graph's own.
 * @param {Spot} spot
 */
export function ownerOf(spot) {
  return spot.path[0] === "nodes" ? String(spot.path[1]) : null;
}
