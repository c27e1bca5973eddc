// Made from the pydantic models by `make docs`; do not edit. What the document and the server's interface
// look like when they are as they should be; a document from a file may be broken, see contract.d.ts.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type Node =
  | AgentNode
  | ToolNode
  | ForkNode
  | JoinNode
  | LoopBackNode
  | GateNode
  | SubgraphNode
  | WaitNode
  | EndNode;

/** A workflow: nodes with their edges inside, the state they share, what comes in and goes out. */
export type Graph = {
  /** The version of this format. */
  format: "weft/1";
  /** Its name, which is also its file's stem. */
  name: string;
  /** Its name for people. */
  title?: string;
  /** What it is for. */
  description?: string;
  /** JSON Schema of a run's input. */
  input?: { [key: string]: Json } | boolean;
  /** What its nodes share. Default: `{}`. */
  state?: { [key: string]: StateKey };
  /** Name to the template of what comes out. */
  output?: { [key: string]: Json };
  /** Upper bounds of a run. */
  limits?: Limits;
  /** What a failure does to what runs. Default: `"stop"`. */
  on_failure?: "stop" | "finish";
  /** Node id to node. */
  nodes: { [key: string]: Node };
  /** Node id to its position [x, y]. */
  layout?: {
    /** Free text on the canvas. */
    "$notes"?: {
      x: number;
      y: number;
      w: number;
      h: number;
      text: string;
    }[];
  } & { [key: string]: any };
};

/** A model with instructions, tools and sub-agents, run to an answer. */
export type AgentNode = {
  kind: "agent";
  /** Name in pictures and lists; absent: the id. */
  label?: string;
  /** What the node is for. */
  description?: string;
  /** A model, or a list: the next when one is used up. */
  model?: string | string[];
  /** Template: who the agent is and what it must do. */
  instructions?: string;
  /** Template: what it is asked now. */
  prompt?: string;
  /** JSON Schema of the answer; absent: text. */
  output_schema?: { [key: string]: Json };
  /** Tools that the model may call. Default: `[]`. */
  tools?: (string | ToolUse)[];
  /** Agents it may hand over to. Default: `{}`. */
  agents?: { [key: string]: SubAgent };
  /** Files or templates of files. Default: `[]`. */
  attachments?: Json[];
  /** Turns of the model, at most. Default: `20`. */
  max_iterations?: number;
  /** Upper bounds of one execution. */
  limits?: Limits;
  /** Settings of the model. */
  settings?: Settings;
  /** The agent makes a plan first. Default: `false`. */
  plan?: boolean;
  /** The agent checks its answer once. Default: `false`. */
  reflect?: boolean;
  /** CEL expression of a list; the node runs for each item. */
  each?: string;
  /** Beside each: how many items must succeed. */
  wait?: "all" | "any" | number;
  /** Beside each: what becomes of the other items. */
  rest?: "wait" | "cancel";
  /** Beside each: failed items leave null. */
  accept_failed?: boolean;
  /** Items executed at the same time. Default: `10`. */
  concurrency?: number;
  /** When a failed attempt is tried again. */
  retry?: Retry;
  /** Seconds for one attempt. */
  timeout_s?: number;
  /** Reuse of earlier results. */
  cache?: Cache;
  /** Of the nodes with the same lock one works at a time. */
  lock?: string;
  /** State key that the output is written to. */
  output_key?: string;
  /** State key to the template of what is written. */
  save?: { [key: string]: Json };
  /** The ways on, in the order they are tried. Default: `[]`. */
  to?: Edge[];
};

/** Reuse a result for `ttl_s` seconds under `key` (a template; absent: the resolved input). */
export type Cache = {
  /** Seconds for which a result is reused. */
  ttl_s: number;
  /** Template of the key; absent: the resolved input. */
  key?: string;
};

/** A way on: `{"on": PORT, "when": EXPRESSION, "node": TARGET, "label": TEXT}`; only `node` is required. */
export type Edge = {
  /** The port it leaves by; absent: the kind's first port. */
  on?: string;
  /** CEL expression; the edge is taken only if it is true. */
  when?: string;
  /** Id of the node it leads to. */
  node: string;
  /** Text at the edge in pictures. */
  label?: string;
};

/** Ends the graph it stands in, with its `output` or as a failure. */
export type EndNode = {
  kind: "end";
  /** Name in pictures and lists; absent: the id. */
  label?: string;
  /** What the node is for. */
  description?: string;
  /** Template of the graph's output. */
  output?: Json;
  /** Template: the graph fails with this message. */
  fail?: string;
  /** Of the nodes with the same lock one works at a time. */
  lock?: string;
  /** State key that the output is written to. */
  output_key?: string;
  /** State key to the template of what is written. */
  save?: { [key: string]: Json };
  /** The ways on, in the order they are tried. Default: `[]`. */
  to?: Edge[];
};

/** Who is asked too once `after_s` seconds have passed. */
export type Escalation = {
  /** Seconds since the gate was opened. */
  after_s: number;
  /** Who is asked from then on. */
  assignees: string[];
};

/** Takes every edge whose `when` holds, all at once. */
export type ForkNode = {
  kind: "parallel-fork";
  /** Name in pictures and lists; absent: the id. */
  label?: string;
  /** What the node is for. */
  description?: string;
  /** Of the nodes with the same lock one works at a time. */
  lock?: string;
  /** State key that the output is written to. */
  output_key?: string;
  /** State key to the template of what is written. */
  save?: { [key: string]: Json };
  /** The ways on, in the order they are tried. Default: `[]`. */
  to?: Edge[];
};

/** Asks a person and leaves by the option that was taken. */
export type GateNode = {
  kind: "human-gate";
  /** Name in pictures and lists; absent: the id. */
  label?: string;
  /** What the node is for. */
  description?: string;
  /** Template: what the person is asked. */
  prompt?: string;
  /** The ways a person may decide. Default: `["ok"]`. */
  options?: (string | GateOption)[];
  /** JSON Schema of what the person fills in. */
  form?: { [key: string]: Json };
  /** Field of the form to the template it holds. */
  prefill?: { [key: string]: Json };
  /** Who may answer; absent: everyone. */
  assignees?: string[];
  /** Seconds until the gate expires. */
  deadline_s?: number;
  /** Seconds between reminders. */
  reminder_s?: number;
  /** Who is asked too, and when. */
  escalate?: Escalation[];
  /** The option taken at the deadline. */
  default?: string;
  /** Of the nodes with the same lock one works at a time. */
  lock?: string;
  /** State key that the output is written to. */
  output_key?: string;
  /** State key to the template of what is written. */
  save?: { [key: string]: Json };
  /** The ways on, in the order they are tried. Default: `[]`. */
  to?: Edge[];
};

/** One way a person may decide. */
export type GateOption = {
  /** The port it leads to. */
  name: string;
  /** Text on the button; absent: the name. */
  label?: string;
  /** JSON Schema of what is filled in with this option. */
  form?: { [key: string]: Json };
};

/** Waits for its branches by `wait` and does `rest` with those that come later. */
export type JoinNode = {
  kind: "join";
  /** Name in pictures and lists; absent: the id. */
  label?: string;
  /** What the node is for. */
  description?: string;
  /** How many branches must arrive. Default: `"all"`. */
  wait?: "all" | "any" | number;
  /** What becomes of the other branches. Default: `"wait"`. */
  rest?: "wait" | "cancel";
  /** A failed branch counts as decided and not taken. Default: `false`. */
  accept_failed?: boolean;
  /** Of the nodes with the same lock one works at a time. */
  lock?: string;
  /** State key that the output is written to. */
  output_key?: string;
  /** State key to the template of what is written. */
  save?: { [key: string]: Json };
  /** The ways on, in the order they are tried. Default: `[]`. */
  to?: Edge[];
};

/** Upper bounds of a run, subgraph or agent; absent means unbounded (`depth` apart). */
export type Limits = {
  /** Seconds in which at least one attempt is executed. */
  seconds?: number;
  /** Executions of nodes that do work. */
  node_runs?: number;
  /** Tokens of all models, read and written. */
  tokens?: number;
  /** Money for models, in US dollars. */
  usd?: number;
  /** Calls of tools. */
  tool_calls?: number;
  /** Attempts executed at the same time. */
  concurrency?: number;
  /** Subgraphs within subgraphs. Default: `16`. */
  depth?: number;
};

/** Repeats its loop from the header, at most `max_iterations` times. */
export type LoopBackNode = {
  kind: "loop-back";
  /** Name in pictures and lists; absent: the id. */
  label?: string;
  /** What the node is for. */
  description?: string;
  /** CEL expression; false ends the loop. */
  while?: string;
  /** Iterations in all; required to run. */
  max_iterations?: number;
  /** What happens at max_iterations. Default: `"fail"`. */
  on_limit?: "fail" | "exit";
  /** Of the nodes with the same lock one works at a time. */
  lock?: string;
  /** State key that the output is written to. */
  output_key?: string;
  /** State key to the template of what is written. */
  save?: { [key: string]: Json };
  /** The ways on, in the order they are tried. Default: `[]`. */
  to?: Edge[];
};

/** When and how often a failed attempt is tried again. Seconds are wall-clock. */
export type Retry = {
  /** Attempts in all, the first included. Default: `3`. */
  attempts?: number;
  /** Seconds before the second attempt. Default: `1`. */
  initial_s?: number;
  /** How much longer each further wait is. Default: `2`. */
  factor?: number;
  /** The longest wait, in seconds. Default: `60`. */
  max_s?: number;
  /** Wait a random part of the time, so that many do not come at once. Default: `true`. */
  jitter?: boolean;
  /** Error classes or codes that are tried again. Default: `["transient"]`. */
  on?: string[];
};

/** Settings of a model request; absent means the provider's default. */
export type Settings = {
  /** 0 is the most predictable. */
  temperature?: number;
  /** The longest answer, in tokens. */
  max_tokens?: number;
  /** Share of likely words kept. */
  top_p?: number;
  /** For providers that can repeat an answer. */
  seed?: number;
  /** How much the model thinks, in the provider's own words. */
  reasoning?: Json;
};

/** One key of the state: its JSON Schema, how writes merge, its first value. */
export type StateKey = {
  /** JSON Schema of its value. */
  schema?: { [key: string]: Json } | boolean;
  /** What a write does to the value that is there. Default: `"replace"`. */
  merge?: "replace" | "append" | "extend" | "merge" | "sum" | "min" | "max";
  /** Its first value; absent: the one of `merge`. */
  default?: Json;
};

/** An agent inside an agent, under its name (`agents`: name → these fields). */
export type SubAgent = {
  /** What it is good for; the other agents read this. */
  description?: string;
  /** A model, or a list: the next when one is used up. */
  model?: string | string[];
  /** Template: who the agent is and what it must do. */
  instructions?: string;
  /** Template: what it is asked now. */
  prompt?: string;
  /** JSON Schema of the answer; absent: text. */
  output_schema?: { [key: string]: Json };
  /** Tools that the model may call. Default: `[]`. */
  tools?: (string | ToolUse)[];
  /** Agents it may hand over to. Default: `{}`. */
  agents?: { [key: string]: SubAgent };
  /** Files or templates of files. Default: `[]`. */
  attachments?: Json[];
  /** Turns of the model, at most. Default: `10`. */
  max_iterations?: number;
  /** Upper bounds of one execution. */
  limits?: Limits;
  /** Settings of the model. */
  settings?: Settings;
  /** The agent makes a plan first. Default: `false`. */
  plan?: boolean;
  /** The agent checks its answer once. Default: `false`. */
  reflect?: boolean;
  /** Seconds for one delegation. Default: `120`. */
  timeout_s?: number;
  /** It may not hand back to its parent. Default: `false`. */
  disallow_transfer_to_parent?: boolean;
  /** It may not hand over to its siblings. Default: `false`. */
  disallow_transfer_to_peers?: boolean;
};

/** Runs another graph as a scope of its own. */
export type SubgraphNode = {
  kind: "subgraph";
  /** Name in pictures and lists; absent: the id. */
  label?: string;
  /** What the node is for. */
  description?: string;
  /** Name of the graph, looked up beside the root file. */
  graph?: string;
  /** The graph itself, instead of a name. */
  inline?: Graph;
  /** Its input, as templates. Default: `{}`. */
  args?: { [key: string]: Json };
  /** CEL expression of a list; the node runs for each item. */
  each?: string;
  /** Beside each: how many items must succeed. */
  wait?: "all" | "any" | number;
  /** Beside each: what becomes of the other items. */
  rest?: "wait" | "cancel";
  /** Beside each: failed items leave null. */
  accept_failed?: boolean;
  /** Items executed at the same time. Default: `10`. */
  concurrency?: number;
  /** When a failed attempt is tried again. */
  retry?: Retry;
  /** Seconds for one attempt. */
  timeout_s?: number;
  /** Reuse of earlier results. */
  cache?: Cache;
  /** Of the nodes with the same lock one works at a time. */
  lock?: string;
  /** State key that the output is written to. */
  output_key?: string;
  /** State key to the template of what is written. */
  save?: { [key: string]: Json };
  /** The ways on, in the order they are tried. Default: `[]`. */
  to?: Edge[];
};

/** One call of a registered tool. */
export type ToolNode = {
  kind: "tool";
  /** Name in pictures and lists; absent: the id. */
  label?: string;
  /** What the node is for. */
  description?: string;
  /** The tool's registered name. */
  tool: string;
  /** Arguments, as templates. Default: `{}`. */
  args?: { [key: string]: Json };
  /** CEL expression of a list; the node runs for each item. */
  each?: string;
  /** Beside each: how many items must succeed. */
  wait?: "all" | "any" | number;
  /** Beside each: what becomes of the other items. */
  rest?: "wait" | "cancel";
  /** Beside each: failed items leave null. */
  accept_failed?: boolean;
  /** Items executed at the same time. Default: `10`. */
  concurrency?: number;
  /** When a failed attempt is tried again. */
  retry?: Retry;
  /** Seconds for one attempt. */
  timeout_s?: number;
  /** Reuse of earlier results. */
  cache?: Cache;
  /** Of the nodes with the same lock one works at a time. */
  lock?: string;
  /** State key that the output is written to. */
  output_key?: string;
  /** State key to the template of what is written. */
  save?: { [key: string]: Json };
  /** The ways on, in the order they are tried. Default: `[]`. */
  to?: Edge[];
};

/** A tool given to an agent; may only tighten what the tool itself declares. */
export type ToolUse = {
  /** The tool's registered name. */
  tool: string;
  /** A person must agree to each call. */
  requires_confirmation?: boolean;
  /** Calls allowed in one execution. */
  max_calls?: number;
  /** Seconds for one call. */
  timeout_s?: number;
};

/** Waits for a time span, a point in time or a signal. */
export type WaitNode = {
  kind: "wait";
  /** Name in pictures and lists; absent: the id. */
  label?: string;
  /** What the node is for. */
  description?: string;
  /** How long, in seconds. */
  seconds?: number | string;
  /** Template of a point in time, ISO 8601. */
  until?: string;
  /** Template of a signal's name. */
  signal?: string;
  /** Seconds until the wait expires. */
  deadline_s?: number;
  /** Of the nodes with the same lock one works at a time. */
  lock?: string;
  /** State key that the output is written to. */
  output_key?: string;
  /** State key to the template of what is written. */
  save?: { [key: string]: Json };
  /** The ways on, in the order they are tried. Default: `[]`. */
  to?: Edge[];
};

/** A decision. The identity comes from the login. */
export type Answer = {
  option: string;
  form?: { [key: string]: Json } | null;
};

/** Why a run is cancelled. */
export type CancelRun = {
  reason?: string | null;
};

/** The option that was taken. */
export type Decided = {
  decided: string;
};

/** A gate that was answered, or that ran out: then `option`, `form` and `by` are null. */
export type DecidedGate = {
  position: number;
  run: string;
  graph: string;
  gate: string;
  node: string;
  option: string | null;
  form: Json;
  /** Null where nobody said who; `deadline` where a default was taken. */
  by: string | null;
  /** UTC, as 2026-01-31T12:00:00.123Z. */
  at: string;
};

/** A page of decisions, newest first. `next`: the cursor of the next page, or null. */
export type DecidedList = {
  decided: DecidedGate[];
  next: number | null;
};

/** What differs between two versions, as their authors would say it. */
export type Differences = {
  changes: { [key: string]: Json }[];
};

/** What the checker says of a document. */
export type FindingTold = {
  code: string;
  severity: string;
  message: string;
} & { [key: string]: any };

/** Every finding of a document. */
export type Findings = {
  findings: FindingTold[];
};

/** An open gate. */
export type GateTold = {
  run: string;
  graph: string;
  gate: string;
  node: string;
  purpose: string;
  prompt: string;
  options: { [key: string]: Json }[];
  form: Json;
  prefill: Json;
  assignees: string[] | null;
  /** UTC, as 2026-01-31T12:00:00.123Z. */
  since: string;
  deadline: string | null;
  default: string | null;
  detail: Json;
};

/** A graph as lists show it; `problem` where the file cannot be read as a graph. */
export type GraphLine = {
  /** A graph's name. */
  name: string;
  title: string;
  description: string;
  /** SHA-256 of the file's bytes. */
  etag: string;
  hash: string | null;
  nodes: number;
  problem?: string | null;
  /** Scripted answers lie beside it, so it runs without a model's key. */
  has_answers: boolean;
  input?: Json;
};

/** Every graph of the directory. */
export type GraphList = {
  graphs: GraphLine[];
};

/** Whether the server lives, or is ready. */
export type Health = {
  status: "ok" | "starting" | "stopping";
  version: string;
};

/** Open gates of all runs, oldest first. `next`: the cursor of the next page, or null. */
export type Inbox = {
  gates: GateTold[];
  next: string | null;
  position: number;
};

/** A link that carries a right. It is told once. */
export type LinkMade = {
  url: string;
  /** UTC, as 2026-01-31T12:00:00.123Z. */
  until: string;
};

/** A token: one's own, or the one-time token of a link. */
export type LogIn = {
  token: string;
};

/** For whom a link decides; absent: for oneself. Only an admin makes links for others. */
export type MakeLink = {
  person?: string | null;
};

/** Who answers for models; a model is named `PROVIDER:MODEL`. */
export type ModelList = {
  providers: string[];
};

/** A version's name; null takes it away. */
export type NameVersion = {
  label: string | null;
};

/** What a new graph begins as: a copy of a pattern and its scripted answers, or a graph that does nothing. */
export type NewGraph = {
  from?: string | null;
};

/** An empty object. */
export type Nothing = {};

/** A sample graph to begin with; `nodes`: how many it has. */
export type Pattern = {
  /** A graph's name. */
  name: string;
  title: string;
  description: string;
  nodes: number;
  input?: Json;
  document: { [key: string]: Json };
};

/** Every sample graph. */
export type PatternList = {
  patterns: Pattern[];
};

/** Where Tidy puts the nodes: id -> upper left corner, px. */
export type Positions = {
  positions: { [key: string]: [number, number] };
  width: number;
  height: number;
};

/** RFC 9457: what went wrong. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** Stable; act on this one. */
  code: string;
  where?: string | null;
  hint?: string | null;
} & { [key: string]: any };

/** Which ended runs to remove; `before`: those that ended before, seconds since 1970. */
export type Prune = {
  before?: number | null;
  /** Default: `["completed", "failed", "cancelled"]`. */
  statuses?: ("completed" | "failed" | "cancelled")[];
};

/** What was removed. */
export type Pruned = {
  runs: string[];
  events: number;
};

/** A graph's new name. */
export type Rename = {
  /** A graph's name. */
  to: string;
};

/** The graphs that a run is bound to, by name. `root`: the name of its own, the others are its sub-flows. */
export type RunDocuments = {
  root: string;
  documents: { [key: string]: { [key: string]: Json } };
};

/** A run as lists show it. */
export type RunLine = {
  id: string;
  graph: string;
  graph_hash: string;
  status: "running" | "waiting" | "completed" | "failed" | "cancelled";
  /** UTC, as 2026-01-31T12:00:00.123Z. */
  started_at: string;
  ended_at: string | null;
  error: Json;
  usage: { [key: string]: Json };
  waiting_for: { [key: string]: Json }[];
  parent: { [key: string]: Json } | null;
};

/** A page of runs, newest first. `next`: the cursor of the next page, or null. `position`: of the feed. */
export type RunList = {
  runs: RunLine[];
  next: number | null;
  position: number;
};

/** A run. */
export type RunTold = {
  id: string;
  graph: string;
  graph_hash: string;
  status: "running" | "waiting" | "completed" | "failed" | "cancelled";
  /** UTC, as 2026-01-31T12:00:00.123Z. */
  started_at: string;
  ended_at: string | null;
  error: Json;
  usage: { [key: string]: Json };
  waiting_for: { [key: string]: Json }[];
  parent: { [key: string]: Json } | null;
  input: Json;
  output: Json;
  /** No model was asked, and no tool called that changes something outside. */
  simulated: boolean;
  /** Paths of the nodes whose outputs were given at the start. */
  pinned: string[];
};

/** A graph as it was saved. `findings`: what the checker says of it; errors do not keep it from being saved. */
export type Saved = {
  /** A graph's name. */
  name: string;
  /** SHA-256 of the file's bytes. */
  etag: string;
  hash: string;
  findings: FindingTold[];
};

/** A signal's value. */
export type SendSignal = {
  value?: Json;
};

/** Who is logged in. */
export type Session = {
  name: string;
  groups: string[];
  is_admin: boolean;
};

/** Start a run of a saved graph. A graph's document is never taken from here. */
export type StartRun = {
  /** A graph's name. */
  graph: string;
  input?: Json;
  id?: string | null;
  /** Instead of the models it names. */
  model?: string | null;
  /** Ask no model, change nothing outside; what is missing is made up. Default: `false`. */
  simulate?: boolean;
  /** Node path -> the output that stands for its work; of a human-gate {option, form}. */
  pins?: { [key: string]: Json } | null;
};

/** Every registered tool. */
export type ToolList = {
  tools: { [key: string]: Json }[];
};

/** One saved version. */
export type VersionLine = {
  /** SHA-256 of the file's bytes. */
  etag: string;
  hash: string;
  /** UTC, as 2026-01-31T12:00:00.123Z. */
  at: string;
  by: string | null;
  label: string | null;
};

/** The versions of a graph, newest first. */
export type VersionList = {
  versions: VersionLine[];
};
