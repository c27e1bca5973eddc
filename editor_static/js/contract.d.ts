// What the rooms of the editor promise each other. Rule: a type that two rooms share stands here or in types.d.ts,
// never twice. The document is the raw JSON value of weft/1; it may be broken, and then stays as broken as it is.

import type { Json } from "./types.d.ts";

export type { Json };
export type JsonObject = { [key: string]: Json };

/** A document as it stands in its file. Only what was looked at may be relied on. */
export type Graph = JsonObject;

export type Path = (string | number)[];

/** One step on the document value. Its inverse is made by `apply`. */
export type Change =
  /** Set a member of an object. Where it is new: `before` is the key it comes to stand before; absent or null: last. */
  | { op: "put"; path: Path; value: Json; before?: string | null }
  /** Remove a member of an object. */
  | { op: "drop"; path: Path }
  /** Change a list: from `index` on, `drop` entries go and `items` come. */
  | { op: "splice"; path: Path; index: number; drop: number; items: Json[] };

/** A key of words.js and what is put into it. */
export type Said = [key: string, ...values: string[]];

/** What the user did, as one step of undo. */
export type Edit = {
  title: Said;
  changes: Change[];
  /** Edits with the same text that follow each other within a second are one step. */
  typing?: string;
  /** The nodes that are selected afterwards; absent: those that were, as far as they are still there. */
  select?: string[];
};

export type Kind =
  | "agent"
  | "tool"
  | "parallel-fork"
  | "join"
  | "loop-back"
  | "human-gate"
  | "subgraph"
  | "wait"
  | "end";

/** [x, y] of the upper left corner, px. */
export type Position = [number, number];

/** One edge by its place: the entry `index` of the list `to` of `node`. */
export type EdgePlace = { node: string; index: number };

/** A wire that is about to be drawn: from a port (absent: the kind's default) to a node. */
export type Wire = { node: string; on?: string | undefined; to: string; when?: string | undefined };

/** A name that may follow at a place of a template or an expression. */
export type Completion = {
  /** What is written, for instance `nodes.write.output`. */
  text: string;
  /** Where it comes from. */
  source: "input" | "state" | "nodes" | "run" | "loop" | "item" | "own" | "error" | "word";
  /** Its JSON Schema, where the document says one. */
  schema?: Json;
  /** Its type in one word, for instance `string`; `any` where nothing is known. */
  type: string;
  /** The schema's own description, or the label of the node that writes it. */
  detail?: string;
  /** It may be absent when this node runs: write it with `?`. */
  isOptional?: boolean;
};

/** RFC 6902. */
export type PatchOperation = { op: string; path: string; value?: Json; from?: string };

/** What the checker says of a document. */
export type Finding = {
  code: string;
  severity: "error" | "warning";
  message: string;
  /** RFC 6901, "" is the whole. */
  place: string;
  node?: string;
  hint?: string;
  fix?: { title: string; patch: PatchOperation[] };
};

export type Refusal = { ok: false; reason: Said; wayOut?: { title: Said; edit: Edit } };
export type Verdict = { ok: true } | Refusal;

/** What the server said against a request (RFC 9457), or that it could not be asked. */
export type Told = {
  /** 0: it could not be reached. */
  status: number;
  code: string;
  detail: string;
  where?: string | null;
  hint?: string | null;
  findings?: Finding[];
  /** Of a 412: what is saved now; null: nothing. */
  current?: { etag: string; document: Json } | null;
};

export type SaveState = "saved" | "unsaved" | "saving" | "offline" | "conflict" | "refused";

/** How the keeping of the document stands. `at`: since when, ms since 1970. */
export type Save = { state: SaveState; at: number; problem?: Told };

/** Another version than the one that was read. `document` null: the file is not there any more. */
export type Conflict = { etag: string | null; document: Graph | null; base: Graph };

/** A member of an object, or an entry of a list, in a document and in two that were made of it; undefined: it is not there. */
export type Sides = { before: Json | undefined; mine: Json | undefined; theirs: Json | undefined };

/** Who changed a thing: this page, the other version, both in the same way, or both in different ways. */
export type Who = "here" | "there" | "same" | "conflict";

export type Choice = "mine" | "theirs" | "both";

/** What is taken of the pieces that are in conflict, by their keys. */
export type Choices = { readonly [key: string]: Choice };

/** One thing that two versions of a document, or one of them, changed; the unit of what is chosen. */
export type Piece = Sides & {
  /** Names it among the others. */
  key: string;
  /** `field`: of the graph or of a node; `ways`: the edges on one port, as lists; `place`: of a node on the canvas. */
  what: "field" | "state" | "node" | "ways" | "place" | "note";
  /** Where it stands in the document; of `ways` the list `to`, of a `note` one that has it. */
  path: Path;
  who: Who;
  /** Of `ways`. */
  port?: string;
  /** What both versions together come to, where they can be kept together. A node: each under an id of its own. */
  both?: Json | "apart";
  /** A node that one side took out, and that the other changed (`changed`) or led a new wire to (`wired`). */
  why?: "changed" | "wired";
  /** The piece that it goes with: wires that were taken out together with a node. */
  follows?: string;
};

/** One thing that differs between two documents, as its author would say it. The server's differences have this form too. */
export type Difference = {
  what: "added" | "removed" | "changed" | "renamed" | "moved";
  subject: "graph" | "state" | "node" | "edge" | "layout" | "note";
  /** What it is called: a field, a state key, a node, a wire as `a → b`. */
  name: string;
  /** JSON Pointer into the newer document; into the older one for what was removed. */
  place: string;
  /** Of a node's or the graph's field: its name, and the keys within it. */
  field?: string[];
  /** JSON Pointer of what is to be shown for it in the newer document; absent: nothing of it is left. */
  lead?: string;
  before?: Json;
  after?: Json;
};

/** Edits found in the journal that were made on another version (`base`) than the one that is saved now. */
export type Leftover = { etag: string; at: number; base: Graph; document: Graph; edits: number };

export type Snapshot = {
  name: string;
  graph: Graph;
  /** Of the version that the edits are made on; "" for a graph that was never saved. */
  etag: string;
  /** The document of that version. */
  saved: Graph;
  selection: Set<string>;
  save: Save;
  canUndo: boolean;
  canRedo: boolean;
  undoTitle: Said | null;
  redoTitle: Said | null;
  findings: Finding[];
  isChecking: boolean;
  conflict?: Conflict;
  /** Offered, never taken silently: `takeLeftover` or `dropLeftover`. */
  leftover?: Leftover;
  /** Whether edits survive a crash of the browser; false where it gives no storage. */
  isKept: boolean;
};

/** One open document. Views read it with `useSyncExternalStore(store.subscribe, store.get)`. */
export type DocumentStore = {
  get: () => Snapshot;
  subscribe: (listener: () => void) => () => void;
  do: (edit: Edit) => void;
  undo: () => void;
  redo: () => void;
  select: (ids: Iterable<string>) => void;
  /** "mine": over the other version, which was shown; "theirs": mine goes into the history; or a merged document. */
  resolveConflict: (with_: "mine" | "theirs" | Graph) => void;
  /** As it was left, or merged with what is here. */
  takeLeftover: (document?: Graph) => void;
  dropLeftover: () => void;
  /** Save what is unsaved, then name that version. */
  nameVersion: (label: string | null) => Promise<void>;
  /** Save what is unsaved now; resolves when the server has it, rejects when it cannot be saved. */
  flush: () => Promise<void>;
  /** The line may be back, or events may have been missed: to be called when the EventSource opens again, on `online`, and
   * when the page is shown again. */
  retry: () => void;
  /** Ask the checker again, for instance after another graph has changed. */
  check: () => void;
  /** Tell of a change of the graph's file, as `/api/events` does. */
  changedOnServer: (etag: string | null) => void;
  close: () => Promise<void>;
};

/** What of the world the store needs; a test gives its own. */
export type World = {
  /** The server: resolves to what it answered, whatever the status. Rejects if it cannot be reached. */
  ask: (method: string, path: string, body?: string, headers?: Record<string, string>) => Promise<Reply>;
  indexedDB: IDBFactory | null;
  clock: Clock;
  /** Absent: this browser's. */
  shelf?: Shelf | null;
  tabs?: Tabs;
};

/** `etag` without quotes. */
export type Reply = { status: number; etag: string | null; text: string };

export type Clock = {
  /** ms since 1970. */
  now: () => number;
  /** Calls back after `ms`; returns a function that takes it back. */
  after: (ms: number, act: () => void) => () => void;
};

export type Tabs = { session: string; isAlive: (session: string) => Promise<boolean> };

/** Where journals are kept. One journal per graph and tab: a head, perhaps a roll, and the entries after it. */
export type Shelf = {
  heads: (name: string) => Promise<Head[]>;
  rest: (name: string, session: string) => Promise<{ roll: Roll | null; entries: Entry[] }>;
  append: (entries: readonly Entry[]) => Promise<void>;
  keep: (head: Head, roll: Roll | null) => Promise<void>;
  drop: (name: string, session: string) => Promise<void>;
  close: () => void;
};

/** What the server has: the document of version `etag`, which holds everything up to entry `n`. */
export type Head = { name: string; session: string; etag: string; graph: Graph; n: number; at: number };

/** The history up to entry `n`, in the place of the entries up to there. */
export type Roll = { name: string; session: string; n: number; done: Step[]; undone: Step[] };

/** One thing that was done. `changes`: what it changed; `step`: what history holds of it. */
export type Entry = { name: string; session: string; n: number; at: number; changes: Change[] } & (
  | { what: "do"; step: Step; isMerged: boolean }
  | { what: "undo" | "redo" }
  /** Done before, by the history's own steps. */
  | { what: "taken" }
);

/** One step of the history. */
export type Step = {
  title: Said;
  changes: Change[];
  inverse: Change[];
  /** When it was last added to, ms since 1970. */
  at: number;
  typing?: string;
  selectBefore: string[];
  selectAfter: string[];
};
