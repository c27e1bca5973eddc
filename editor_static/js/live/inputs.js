// The resolved input of an execution whose journal holds its hash alone: filled in again from the events before it. Rule:
// it is shown as exact only where its SHA-256 is the journal's; templates are filled as engine/model/templates.py does,
// expressions are not carried out here.

import { partsOf, pathOf } from "./names.js";
import { ROOTS, lookUp, namesAt } from "./values.js";

/** @import { Json, JsonObject, RunEvent } from "./types.js" */
/** @import { Chronicle } from "./chronicle.js" */
/** @import { Step } from "./state.js" */

/** What cannot be known here: an expression, a name that is not there. */
class Unknown extends Error {}

const PLACEHOLDER = /\{\{|\}\}|\{([a-z][a-z0-9_]*(?:\.[A-Za-z_$][\w$-]*|\[\d+\])*\??)\}/g;
/** A lone `{key?}` that is absent. */
const ABSENT = Symbol("absent");

/**
 * @param {Chronicle} chronicle
 * @param {Step[]} steps
 * @param {string} execution
 * @param {string} runId
 * @param {string} inputHash
 * @returns {Promise<Json | undefined>} undefined: it cannot be filled in again here
 */
export async function derivedInput(chronicle, steps, execution, runId, inputHash) {
  const node = chronicle.plan?.node(pathOf(execution));
  const first = chronicle.firstOf(execution);
  if (!node || !Number.isFinite(first)) return undefined;
  try {
    const resolved = fieldsOf(node, namesOf(chronicle, steps, execution, runId, first));
    return (await sha256(JSON.stringify(resolved))) === inputHash ? resolved : undefined;
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

/**
 * @param {any} node
 * @param {JsonObject} names
 * @returns {any}
 */
function fieldsOf(node, names) {
  if (node.kind === "tool" || node.kind === "subgraph") return filled(node.args ?? {}, names);
  if (node.kind !== "agent") throw new Unknown();
  return agentFields(node, names);
}

/**
 * As engine/agents/spec.py orders them: instructions, prompt, attachments, then the agents inside.
 * @param {any} agent
 * @param {JsonObject} names
 * @returns {any}
 */
function agentFields(agent, names) {
  const own = ["instructions", "prompt"].filter((key) => typeof agent[key] === "string").map((key) => [key, filled(agent[key], names)]);
  const made = Object.fromEntries(own.filter(([, value]) => value !== ABSENT));
  if (agent.attachments?.length) made["attachments"] = filled(agent.attachments, names);
  const inner = Object.entries(agent.agents ?? {});
  if (inner.length) made["agents"] = Object.fromEntries(inner.map(([name, one]) => [name, agentFields(one, names)]));
  return made;
}

/**
 * @param {Chronicle} chronicle
 * @param {Step[]} steps
 * @param {string} execution
 * @param {string} runId
 * @param {number} first
 * @returns {JsonObject}
 */
function namesOf(chronicle, steps, execution, runId, first) {
  const { scope, turns, item } = partsOf(execution);
  if (item !== null) throw new Unknown();
  const started = /** @type {RunEvent} */ (chronicle.events[0]);
  return { ...namesAt(chronicle, steps, scope, first - 1), run: { id: runId, started_at: started.at }, iteration: turns[turns.length - 1] ?? 1 };
}

/**
 * @param {any} value
 * @param {JsonObject} names
 * @returns {any}
 */
function filled(value, names) {
  if (typeof value === "string") return filledText(value, names);
  if (Array.isArray(value)) return value.map((one) => filled(one, names)).filter((one) => one !== ABSENT);
  if (value === null || typeof value !== "object") return value;
  if ("$cel" in value) throw new Unknown();
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one, names)]).filter(([, one]) => one !== ABSENT));
}

/**
 * @param {string} text
 * @param {JsonObject} names
 * @returns {any}
 */
function filledText(text, names) {
  const lone = /^\{([^{}]+)\}$/.exec(text);
  const whole = lone?.[0].match(PLACEHOLDER);
  if (whole?.length === 1 && whole[0] === text && isKnown(/** @type {string} */ (lone?.[1]), names)) {
    const value = found(/** @type {string} */ (lone?.[1]), names);
    return value;
  }
  return text.replace(PLACEHOLDER, (match, path) => {
    if (match === "{{") return "{";
    if (match === "}}") return "}";
    if (!isKnown(path, names)) return match;
    const value = found(path, names);
    if (value === ABSENT) return "";
    return typeof value === "string" ? value : JSON.stringify(value);
  });
}

/**
 * @param {string} path
 * @param {JsonObject} names
 */
function isKnown(path, names) {
  const root = /^[a-z][a-z0-9_]*/.exec(path)?.[0] ?? "";
  return ROOTS.has(root) || root in /** @type {object} */ (names["state"] ?? {});
}

/**
 * @param {string} path
 * @param {JsonObject} names
 * @returns {any}
 */
function found(path, names) {
  const value = lookUp(path, names);
  if (value !== undefined) return value;
  if (path.endsWith("?")) return ABSENT;
  throw new Unknown();
}

/**
 * @param {string} text
 * @returns {Promise<string>} hex; "" where the browser gives none (a page that is not secure)
 */
async function sha256(text) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return "";
  const digest = await subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
