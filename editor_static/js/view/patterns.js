// Patterns to begin with: small graphs that are put in as they are, to be filled in. Rule: each is of good form and could be
// pasted from another tab; what it needs of the state it brings along. What people read in it is in the reader's language.
import { word } from "../words.js";

/**
 * @typedef {object} Pattern
 * @property {string} name
 * @property {string} icon
 * @property {{ nodes: Record<string, any>, layout: Record<string, [number, number]>, state?: Record<string, any> }} part
 */

/** @type {readonly Pattern[]} */
export const PATTERNS = Object.freeze(/** @type {any} */ ([
  {
    name: "chain",
    icon: "agent",
    part: {
      nodes: {
        first: { kind: "agent", label: word("pattern.chain.first"), instructions: "", output_key: "first_result", to: [{ node: "second" }] },
        second: { kind: "agent", label: word("pattern.chain.second"), instructions: word("pattern.chain.second.text") },
      },
      layout: { first: [0, 0], second: [280, 0] },
      state: { first_result: { schema: { type: "string" } } },
    },
  },
  {
    name: "critic",
    icon: "loop-back",
    part: {
      nodes: {
        generator: { kind: "agent", label: word("pattern.critic.generator"), instructions: word("pattern.critic.generator.text"), output_key: "attempt", to: [{ node: "critic" }] },
        critic: {
          kind: "agent", label: word("pattern.critic.critic"), instructions: word("pattern.critic.critic.text"),
          output_schema: { type: "object", properties: { good: { type: "boolean" }, why: { type: "string" } }, required: ["good", "why"] },
          save: { criticism: "{output.why}" }, to: [{ node: "once_more" }],
        },
        once_more: { kind: "loop-back", label: word("pattern.critic.once_more"), while: "!nodes.critic.output.good", max_iterations: 5, on_limit: "exit", to: [{ on: "repeat", node: "generator" }, { node: "accepted" }] },
        accepted: { kind: "end", label: word("pattern.critic.accepted"), output: { draft: "{state.attempt}" } },
      },
      layout: { generator: [0, 0], critic: [280, 0], once_more: [560, 8], accepted: [760, 20] },
      state: { attempt: { schema: { type: "string" } }, criticism: { schema: { type: "array", items: { type: "string" } }, merge: "append" } },
    },
  },
  {
    name: "fan",
    icon: "parallel-fork",
    part: {
      nodes: {
        fan_out: { kind: "parallel-fork", label: word("pattern.fan.fan_out"), to: [{ node: "left" }, { node: "right" }] },
        left: { kind: "agent", label: word("pattern.fan.left"), instructions: "", to: [{ node: "gather" }] },
        right: { kind: "agent", label: word("pattern.fan.right"), instructions: "", to: [{ node: "gather" }] },
        gather: { kind: "join", label: word("pattern.fan.gather"), to: [{ node: "summary" }] },
        summary: { kind: "agent", label: word("pattern.fan.summary"), instructions: word("pattern.fan.summary.text") },
      },
      layout: { fan_out: [0, 60], left: [88, 0], right: [88, 120], gather: [368, 60], summary: [456, 60] },
    },
  },
  {
    name: "approval",
    icon: "human-gate",
    part: {
      nodes: {
        draft: { kind: "agent", label: word("pattern.approval.draft"), instructions: word("pattern.approval.draft.text"), output_key: "text", to: [{ node: "approval" }] },
        approval: {
          kind: "human-gate", label: word("pattern.approval.approval"), prompt: word("pattern.approval.approval.text"), options: [{ name: "approve", label: word("pattern.approval.approve") }, { name: "revise", label: word("pattern.approval.revise") }],
          form: { type: "object", properties: { note: { type: "string" } } }, save: { notes: "{output.form.note?}" },
          to: [{ on: "approve", node: "approved" }, { on: "revise", node: "revise_again" }],
        },
        revise_again: { kind: "loop-back", label: word("pattern.approval.revise_again"), max_iterations: 5, to: [{ on: "repeat", node: "draft" }] },
        approved: { kind: "end", label: word("pattern.approval.approved"), output: { text: "{state.text}" } },
      },
      layout: { draft: [0, 0], approval: [280, 0], revise_again: [328, 136], approved: [560, 20] },
      state: { text: { schema: { type: "string" } }, notes: { schema: { type: "array", items: { type: "string" } }, merge: "append" } },
    },
  },
  {
    name: "coordinator",
    icon: "agent",
    part: {
      nodes: {
        desk: { kind: "agent", label: word("pattern.coordinator.desk"), instructions: word("pattern.coordinator.desk.text"), to: [{ node: "answered" }, { on: "transfer", node: "specialist_a" }, { on: "transfer", node: "specialist_b" }] },
        specialist_a: { kind: "agent", label: word("pattern.coordinator.specialist_a"), description: word("pattern.coordinator.specialist_a.text"), instructions: "", to: [{ node: "answered" }] },
        specialist_b: { kind: "agent", label: word("pattern.coordinator.specialist_b"), description: word("pattern.coordinator.specialist_b.text"), instructions: "", to: [{ node: "answered" }] },
        answered: { kind: "end", label: word("pattern.coordinator.answered") },
      },
      layout: { desk: [0, 88], specialist_a: [280, 0], specialist_b: [280, 176], answered: [560, 108] },
    },
  },
]));
