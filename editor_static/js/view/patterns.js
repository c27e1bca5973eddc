// Patterns to begin with: small graphs that are put in as they are, to be filled in. Rule: each is of good form and could be
// pasted from another tab; what it needs of the state it brings along.

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
        first: { kind: "agent", label: "First step", instructions: "", output_key: "first_result", to: [{ node: "second" }] },
        second: { kind: "agent", label: "Second step", instructions: "Go on with: {state.first_result}" },
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
        generator: { kind: "agent", label: "Generator", instructions: "Write a draft. Earlier criticism: {state.criticism}", output_key: "attempt", to: [{ node: "critic" }] },
        critic: {
          kind: "agent", label: "Critic", instructions: "Judge this draft: {state.attempt}",
          output_schema: { type: "object", properties: { good: { type: "boolean" }, why: { type: "string" } }, required: ["good", "why"] },
          save: { criticism: "{output.why}" }, to: [{ node: "once_more" }],
        },
        once_more: { kind: "loop-back", label: "Until it is good", while: "!nodes.critic.output.good", max_iterations: 5, on_limit: "exit", to: [{ on: "repeat", node: "generator" }, { node: "accepted" }] },
        accepted: { kind: "end", label: "Accepted", output: { draft: "{state.attempt}" } },
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
        fan_out: { kind: "parallel-fork", label: "Fan out", to: [{ node: "left" }, { node: "right" }] },
        left: { kind: "agent", label: "One view", instructions: "", to: [{ node: "gather" }] },
        right: { kind: "agent", label: "Other view", instructions: "", to: [{ node: "gather" }] },
        gather: { kind: "join", label: "Gather", to: [{ node: "summary" }] },
        summary: { kind: "agent", label: "Summary", instructions: "Put these together: {nodes.gather.output}" },
      },
      layout: { fan_out: [0, 60], left: [88, 0], right: [88, 120], gather: [368, 60], summary: [456, 60] },
    },
  },
  {
    name: "approval",
    icon: "human-gate",
    part: {
      nodes: {
        draft: { kind: "agent", label: "Writer", instructions: "Write it. Notes so far: {state.notes}", output_key: "text", to: [{ node: "approval" }] },
        approval: {
          kind: "human-gate", label: "Approval", prompt: "Is this right?\n\n{state.text}", options: ["approve", "revise"],
          form: { type: "object", properties: { note: { type: "string" } } }, save: { notes: "{output.form.note?}" },
          to: [{ on: "approve", node: "approved" }, { on: "revise", node: "revise_again" }],
        },
        revise_again: { kind: "loop-back", label: "Once more", max_iterations: 5, to: [{ on: "repeat", node: "draft" }] },
        approved: { kind: "end", label: "Approved", output: { text: "{state.text}" } },
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
        desk: { kind: "agent", label: "Coordinator", instructions: "Hand the request over to the specialist who can answer it.", to: [{ node: "answered" }, { on: "transfer", node: "specialist_a" }, { on: "transfer", node: "specialist_b" }] },
        specialist_a: { kind: "agent", label: "Specialist A", description: "What A is good at", instructions: "", to: [{ node: "answered" }] },
        specialist_b: { kind: "agent", label: "Specialist B", description: "What B is good at", instructions: "", to: [{ node: "answered" }] },
        answered: { kind: "end", label: "Answered" },
      },
      layout: { desk: [0, 88], specialist_a: [280, 0], specialist_b: [280, 176], answered: [560, 108] },
    },
  },
]));
