// One execution, told whole: its attempts, what went in, what the model said, which tools it called with what, what came
// out and what it used. Rule: everything stands in the journal up to the moment that is looked at, or came over the line
// as a word of the present; nothing is guessed.

import { added, moment, noUsage } from "./overview.js";
import { partsOf } from "./names.js";

/** @import { Failure, Json, Look, NodeStatus, RunEvent, Usage } from "./types.js" */

/**
 * @typedef {object} Attempt
 * @property {number} number from 1
 * @property {number} startedAt ms since 1970
 * @property {number | null} endedAt
 * @property {NodeStatus} status
 * @property {Failure | null} error
 * @property {number | null} retryAt
 * @property {Usage | null} usage
 */

/**
 * A question to a model and its answer.
 * @typedef {object} ModelStep
 * @property {number} n of the event that asked
 * @property {string} agent "" for the node's own
 * @property {number} step from 1
 * @property {string} model
 * @property {number} askedAt
 * @property {number | null} answeredAt
 * @property {string} text what it said, so far
 * @property {boolean} isStreaming whether the text is still coming
 * @property {{tool: string, args: Json}[]} calls
 * @property {Failure | null} error
 * @property {Usage | null} usage
 */

/**
 * @typedef {object} ToolCall
 * @property {number} n
 * @property {string} key idempotency key
 * @property {string} call "1", "2.1": the call's number within the execution
 * @property {string} tool
 * @property {string} effect
 * @property {number} claimedAt
 * @property {number | null} settledAt
 * @property {Json | undefined} args undefined: nothing but their hash is known
 * @property {string} argsHash
 * @property {Json | undefined} result
 * @property {Failure | null} error
 */

/**
 * @typedef {object} Asked
 * @property {number} n
 * @property {string} gate
 * @property {string} purpose
 * @property {string} prompt
 * @property {number} openedAt
 * @property {number | null} answeredAt
 * @property {string | null} option
 * @property {string | null} by
 * @property {Json} form
 */

/**
 * @typedef {object} Record
 * @property {string} execution
 * @property {string} path
 * @property {NodeStatus} status
 * @property {number | null} startedAt
 * @property {number | null} endedAt
 * @property {Json | undefined} input the resolved input; undefined: it stands in the journal by its hash alone
 * @property {string | null} inputHash
 * @property {number} inputN number of the event that began it: the state of that moment is what it read
 * @property {Json | undefined} output undefined: there is none, or it follows from other nodes
 * @property {string | null} port
 * @property {string | null} target
 * @property {string | null} why
 * @property {Failure | null} error
 * @property {Attempt[]} attempts
 * @property {ModelStep[]} steps
 * @property {ToolCall[]} calls
 * @property {Asked[]} gates
 * @property {{at: number, state: string, agent: string, detail: Json}[]} states of the agent's life
 * @property {{key: string, value: Json}[]} writes
 * @property {{text: string, fraction: number | null} | null} progress
 * @property {Usage} usage
 * @property {string | null} reusedFrom
 * @property {boolean} isPinned its output was given at the start of the run, and nothing was executed
 */

/**
 * @param {string} execution
 * @param {RunEvent[]} events of this execution, in order
 * @param {number} n the moment: events after it are not looked at
 * @param {{text: Map<string, string>, progress: {text: string, fraction: number | null} | null} | null} [live] words of the present; text by `AGENT/STEP`
 * @returns {Record}
 */
export function recordOf(execution, events, n, live = null) {
  /** @type {Record} */
  const record = {
    execution, path: "", status: "waiting", startedAt: null, endedAt: null, input: undefined, inputHash: null, inputN: 0, output: undefined, port: null,
    target: null, why: null, error: null, attempts: [], steps: [], calls: [], gates: [], states: [], writes: [], progress: live?.progress ?? null,
    usage: noUsage(), reusedFrom: null, isPinned: false,
  };
  for (const event of events) {
    if (event.n > n) break;
    record.path = event.node ?? record.path;
    ACTS[event.type]?.(record, event, Date.parse(event.at));
  }
  giveArguments(record);
  for (const step of record.steps) {
    if (step.answeredAt !== null) continue;
    step.text = live?.text.get(`${step.agent}/${step.step}`) ?? "";
    step.isStreaming = step.text !== "";
  }
  return record;
}

/** @type {{[type: string]: (record: Record, event: RunEvent, at: number) => void}} */
const ACTS = {
  "node.started": (record, event, at) => {
    if (!record.attempts.length) {
      record.startedAt = at;
      record.inputN = event.n;
      record.inputHash = event.input_hash ?? null;
      record.input = event.items ?? (event.input_hash ? undefined : (event.input ?? null));
    }
    record.status = "running";
    record.attempts.push({ number: event.attempt ?? 1, startedAt: at, endedAt: null, status: "running", error: null, retryAt: null, usage: null });
  },
  "node.completed": (record, event, at) => {
    record.status = event.reused_from ? "reused" : "completed";
    record.reusedFrom = event.reused_from ?? null;
    record.isPinned = event.pinned === true;
    record.endedAt = at;
    record.startedAt ??= at;
    record.output = "output" in event ? event.output : undefined;
    record.port = event.port ?? null;
    record.target = event.target ?? null;
    record.error = null;
    record.writes = [
      ...Object.entries(event.writes ?? {}).map(([key, value]) => ({ key, value })),
      ...(event.writes_output ?? []).map((/** @type {string} */ key) => ({ key, value: event.output })),
    ];
    endAttempt(record, event, at, record.status);
  },
  "node.failed": (record, event, at) => {
    const retryAt = moment(event.retry_at);
    record.status = retryAt === null ? "failed" : "retrying";
    record.error = event.error;
    if (retryAt === null) record.endedAt = at;
    endAttempt(record, event, at, record.status);
  },
  "node.skipped": (record, event, at) => leftOut(record, event, at, "skipped"),
  "node.cancelled": (record, event, at) => leftOut(record, event, at, "cancelled"),
  "model.requested": (record, event, at) => {
    const known = record.steps.find((step) => step.agent === (event.agent ?? "") && step.step === event.step);
    if (known) Object.assign(known, { model: event.model, askedAt: at });
    else record.steps.push({ n: event.n, agent: event.agent ?? "", step: event.step, model: event.model, askedAt: at, answeredAt: null, text: "", isStreaming: false, calls: [], error: null, usage: null });
  },
  "model.answered": (record, event, at) => {
    const step = record.steps.find((one) => one.agent === (event.agent ?? "") && one.step === event.step);
    if (!step) return;
    const answer = event.answer ?? {};
    Object.assign(step, { answeredAt: at, text: typeof answer.text === "string" ? answer.text : "", calls: answer.calls ?? [], error: answer.error ?? null, usage: event.usage ? added(noUsage(), event.usage) : null });
  },
  "effect.claimed": (record, event, at) => {
    const call = event.key.slice(event.key.lastIndexOf("!") + 1);
    const known = record.calls.find((one) => one.key === event.key);
    if (known) known.claimedAt = at;
    else record.calls.push({ n: event.n, key: event.key, call, tool: event.tool, effect: event.effect, claimedAt: at, settledAt: null, args: undefined, argsHash: event.args_hash, result: undefined, error: null });
  },
  "effect.settled": (record, event, at) => {
    const call = record.calls.find((one) => one.key === event.key);
    if (call) Object.assign(call, { settledAt: at, result: event.error ? undefined : (event.result ?? null), error: event.error ?? null });
  },
  "agent.state": (record, event, at) => record.states.push({ at, state: event.state, agent: event.agent ?? "", detail: event.detail ?? null }),
  "gate.opened": (record, event, at) => {
    record.status = "asking";
    record.gates.push({ n: event.n, gate: event.gate, purpose: event.purpose, prompt: event.prompt, openedAt: at, answeredAt: null, option: null, by: null, form: null });
  },
  "gate.answered": (record, event, at) => {
    record.status = "running";
    const gate = record.gates.find((one) => one.gate === event.gate && one.answeredAt === null);
    if (gate) Object.assign(gate, { answeredAt: at, option: event.option, by: event.by ?? null, form: event.form ?? null });
  },
  "gate.expired": (record) => void (record.status = "running"),
};

/**
 * @param {Record} record
 * @param {RunEvent} event
 * @param {number} at
 * @param {NodeStatus} status
 */
function leftOut(record, event, at, status) {
  Object.assign(record, { status, why: event.why ?? null, endedAt: at });
  endAttempt(record, event, at, status);
}

/**
 * @param {Record} record
 * @param {RunEvent} event
 * @param {number} at
 * @param {NodeStatus} status
 */
function endAttempt(record, event, at, status) {
  const attempt = record.attempts[record.attempts.length - 1];
  const usage = event.usage ? added(noUsage(), event.usage) : null;
  if (usage) record.usage = added(record.usage, event.usage);
  if (attempt) Object.assign(attempt, { endedAt: at, status, error: event.error ?? null, retryAt: moment(event.retry_at), usage });
}

/**
 * A claim carries its arguments' hash alone; the arguments stand in the model's answer that called, or are the tool
 * node's own input. Calls of one agent are counted over its whole turn: 1, 2, …; those of the agent called by 2: 2.1, 2.2.
 * @param {Record} record
 */
function giveArguments(record) {
  /** @type {Map<string, Json>} */
  const known = new Map();
  for (const step of record.steps) {
    const prefix = step.agent.includes("!") ? `${step.agent.slice(step.agent.lastIndexOf("!") + 1)}.` : "";
    for (const call of step.calls) {
      let number = 1;
      while (known.has(`${prefix}${number}`)) number++;
      known.set(`${prefix}${number}`, call.args);
    }
  }
  for (const call of record.calls) {
    if (known.has(call.call)) call.args = known.get(call.call);
    else if (!record.steps.length && call.call === "1" && record.input !== undefined) call.args = record.input;
  }
}

/**
 * What an execution is shown as.
 * @param {Record} record
 * @returns {Look}
 */
export function lookOf(record) {
  return record.isPinned && record.status === "completed" ? "pinned" : record.status;
}

/**
 * How an execution is told apart from the node's others: its iterations and item.
 * @param {string} execution
 * @returns {{turns: number[], item: number | null}}
 */
export function placeOf(execution) {
  const { turns, item } = partsOf(execution);
  return { turns, item };
}
