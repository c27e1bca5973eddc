// Made from the pydantic models by `make docs`; do not edit.
// Rule: what the nine kinds are made of is said once, in engine/model; this is the same for the browser.

/**
 * Every kind, in the order of the palette.
 * @type {readonly string[]}
 */
export const KINDS = [
  "agent", "tool", "parallel-fork", "join", "loop-back", "human-gate", "subgraph", "wait", "end",
];

/**
 * Ports of a kind, its default first; a gate's options come before them.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const PORTS = {
  agent: ["ok", "error", "transfer"],
  tool: ["ok", "error"],
  "parallel-fork": ["branch", "error"],
  join: ["ok", "error"],
  "loop-back": ["done", "repeat", "error"],
  "human-gate": ["expired", "error"],
  subgraph: ["ok", "error"],
  wait: ["ok", "expired", "error"],
  end: [],
};

/**
 * Fields that only this kind has or means so.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const OWN_FIELDS = {
  agent: [
    "model", "instructions", "prompt", "output_schema", "tools", "agents", "attachments", "max_iterations", "limits",
    "settings", "plan", "reflect",
  ],
  tool: ["tool", "args"],
  "parallel-fork": [],
  join: ["wait", "rest", "accept_failed"],
  "loop-back": ["while", "max_iterations", "on_limit"],
  "human-gate": [
    "prompt", "options", "form", "prefill", "assignees", "deadline_s", "reminder_s", "escalate", "default",
  ],
  subgraph: ["graph", "inline", "args"],
  wait: ["seconds", "until", "signal", "deadline_s"],
  end: ["output", "fail"],
};

/**
 * The fields of a kind in the order in which they are written.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const FIELDS = {
  agent: [
    "kind", "label", "description", "model", "instructions", "prompt", "output_schema", "tools", "agents",
    "attachments", "max_iterations", "limits", "settings", "plan", "reflect", "each", "wait", "rest", "accept_failed",
    "concurrency", "retry", "timeout_s", "cache", "lock", "output_key", "save", "to",
  ],
  tool: [
    "kind", "label", "description", "tool", "args", "each", "wait", "rest", "accept_failed", "concurrency", "retry",
    "timeout_s", "cache", "lock", "output_key", "save", "to",
  ],
  "parallel-fork": ["kind", "label", "description", "lock", "output_key", "save", "to"],
  join: [
    "kind", "label", "description", "wait", "rest", "accept_failed", "lock", "output_key", "save", "to",
  ],
  "loop-back": [
    "kind", "label", "description", "while", "max_iterations", "on_limit", "lock", "output_key", "save", "to",
  ],
  "human-gate": [
    "kind", "label", "description", "prompt", "options", "form", "prefill", "assignees", "deadline_s", "reminder_s",
    "escalate", "default", "lock", "output_key", "save", "to",
  ],
  subgraph: [
    "kind", "label", "description", "graph", "inline", "args", "each", "wait", "rest", "accept_failed", "concurrency",
    "retry", "timeout_s", "cache", "lock", "output_key", "save", "to",
  ],
  wait: [
    "kind", "label", "description", "seconds", "until", "signal", "deadline_s", "lock", "output_key", "save", "to",
  ],
  end: [
    "kind", "label", "description", "output", "fail", "lock", "output_key", "save", "to",
  ],
};

/**
 * The order of a document's own keys.
 * @type {readonly string[]}
 */
export const TOP_ORDER = [
  "format", "name", "title", "description", "input", "state", "output", "limits", "on_failure", "nodes", "layout",
];

/**
 * The order of a sub-agent's fields.
 * @type {readonly string[]}
 */
export const SUB_AGENT_ORDER = [
  "description", "model", "instructions", "prompt", "output_schema", "tools", "agents", "attachments",
  "max_iterations", "limits", "settings", "plan", "reflect", "timeout_s", "disallow_transfer_to_parent",
  "disallow_transfer_to_peers",
];

/**
 * Of agent, tool and subgraph alone.
 * @type {readonly string[]}
 */
export const EXECUTING_FIELDS = [
  "each", "wait", "rest", "accept_failed", "concurrency", "retry", "timeout_s", "cache",
];

/**
 * What an absent field of a kind means.
 * @type {Readonly<Record<string, any>>}
 */
export const DEFAULTS = {
  agent: {
    tools: [],
    agents: {},
    attachments: [],
    max_iterations: 20,
    plan: false,
    reflect: false,
    concurrency: 10,
    to: [],
  },
  tool: { args: {}, concurrency: 10, to: [] },
  "parallel-fork": { to: [] },
  join: { wait: "all", rest: "wait", accept_failed: false, to: [] },
  "loop-back": { on_limit: "fail", to: [] },
  "human-gate": { options: ["ok"], to: [] },
  subgraph: { args: {}, concurrency: 10, to: [] },
  wait: { to: [] },
  end: { to: [] },
};

/**
 * First values of a state key by its `merge`.
 * @type {Readonly<Record<string, any>>}
 */
export const INITIAL = { append: [], extend: [], merge: {}, sum: 0 };

/**
 * The names that templates and expressions begin with.
 * @type {readonly string[]}
 */
export const ROOTS = [
  "input", "state", "nodes", "run", "iteration", "item", "index", "output", "error",
];

/**
 * Words of CEL that no node can be called.
 * @type {readonly string[]}
 */
export const WORDS = ["false", "in", "null", "true"];
