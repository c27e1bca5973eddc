// What the live side is told and what it makes of it. Rule: an event is the JSON of the journal (docs/reference.md,
// Events); moments are ISO text in it and ms since 1970 in everything that is made of it.

import type { Json, JsonObject } from "../contract.js";

/** One event of a run's journal. What its type does not carry is absent. */
export type RunEvent = {
  n: number;
  at: string;
  type: string;
  node?: string;
  execution?: string;
  attempt?: number;
  [field: string]: any;
};

/** A word that is never journaled: model text as it comes, progress. */
export type Volatile = { run: string; node: string; execution: string; kind: string; value: any };

export type NodeStatus =
  | "waiting"
  | "running"
  | "retrying"
  | "asking"
  | "completed"
  | "failed"
  | "skipped"
  | "cancelled"
  | "reused";

/** What a node is shown as: one that completed by a pinned output says so. */
export type Look = NodeStatus | "pinned";

export type RunStatus = "running" | "waiting" | "completed" | "failed" | "cancelled";

export type Usage = { tokens: number; usd: number | null; seconds: number; toolCalls: number };

/** How something failed, as the journal says it. */
export type Failure = { class: string; code: string; message: string; hint?: string | null; node?: string };

/** How one node stands, by its latest execution. Never changed: a newer one takes its place. */
export type NodeView = Readonly<{
  path: string;
  status: NodeStatus;
  execution: string;
  /** Iterations of the loops around it, outermost first; [] when all are 1. */
  turns: readonly number[];
  /** From 1; 0 before the first. */
  attempt: number;
  retryAt: number | null;
  startedAt: number | null;
  endedAt: number | null;
  port: string | null;
  taken: readonly number[] | null;
  target: string | null;
  error: Failure | null;
  why: string | null;
  /** How many executions there were. */
  executions: number;
  items: number | null;
  itemsDone: number;
  itemsFailed: number;
  /** A repeat of a loop around it, or a new start of its sub-flow, set it back, and it was not reached since. */
  isPast: boolean;
  usage: Usage;
  /** Its output was given at the start of the run, and nothing was executed. */
  isPinned: boolean;
}>;

export type OpenGate = { gate: string; node: string; execution: string; since: number; assignees: string[] | null; deadline: number | null; prompt: string };
export type OpenWait = { node: string; execution: string; due: number | null; signal: string | null; deadline: number | null };

/** A graph that a run is bound to, as far as the live side looks at it. */
export type RunDocument = JsonObject;

/** What of a run is asked of the server once: its graph's documents by name, its own first. */
export type RunDocuments = { documents: Record<string, RunDocument>; root: string };

export type EdgeState = "open" | "taken" | "skipped" | "failed";

export type { Json, JsonObject };
