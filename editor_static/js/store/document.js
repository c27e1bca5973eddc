// One open document: its value, its history, what is selected, how it is kept and what the checker says. Rule: every
// change of the document goes through `do`, `undo` or `redo`; what views see is a snapshot that never changes.

/**
 * @import { Change, Conflict, DocumentStore, Edit, Graph, Leftover, Snapshot, World } from "../contract.d.ts"
 * @import { Found } from "./journal.js"
 */

import { between, meansTheSame } from "../document/changes.js";
import { NO_HISTORY, record, redo, undo } from "../document/history.js";
import { nodesOf } from "../document/kinds.js";
import { Checking, isOnlyPlaces } from "./checking.js";
import { besides, Journal, journalsOf, tabOf } from "./journal.js";
import { problemOf, parsed, Saving } from "./saving.js";
import { openShelf } from "./shelf.js";
import { browserTabs } from "./tabs.js";

/** @typedef {import("../document/history.js").History} History */

/**
 * Open a document as the server gave it, with what earlier pages left of it.
 * @param {{ name: string, graph: Graph, etag: string, world: World }} opened `etag` without quotes, "" for a new graph
 * @returns {Promise<DocumentStore>}
 */
export async function openDocument({ name, graph, etag, world }) {
  const shelf = world.shelf === undefined ? await openShelf(world.indexedDB) : world.shelf;
  const tabs = world.tabs ?? (await browserTabs());
  /** @type {Found[]} */
  let found = [];
  let isKept = shelf !== null;
  try {
    found = shelf ? await journalsOf(shelf, tabs, name, world.clock.now()) : [];
  } catch {
    // A shelf that cannot be read is left as it is; the document opens without it.
    isKept = false;
  }
  // Of two that go on from here the one with something unsaved counts: nothing of it is anywhere else.
  const continuing = found.filter((journal) => continues(journal, graph, etag));
  const own = continuing.find((journal) => journal.unsaved > 0) ?? continuing[0];
  const left = found.filter((journal) => journal !== own && journal.unsaved > 0);
  const isHeld = left.some((journal) => journal.head.session === tabs.session);
  const session = own && tabOf(own.head.session) === tabs.session ? own.head.session : isHeld ? besides(tabs.session, world.clock.now()) : tabs.session;
  // What an older journal of this name holds is rolled up with the first write.
  const last = Math.max(0, ...found.filter(({ head }) => head.session === session).map((journal) => journal.last), own?.last ?? 0);
  const journal = new Journal(isKept ? shelf : null, { name, session, last, onTrouble: () => document.changed() });
  const document = new OpenDocument({ name, graph, etag, world, journal, own, left });
  document.begin(found, own);
  return document.asStore();
}

/**
 * Whether a journal goes on from what the server has: the same version, or the very document in a later one, whose answer
 * got lost.
 * @param {Found} journal
 * @param {Graph} graph
 * @param {string} etag
 */
function continues(journal, graph, etag) {
  return journal.head.etag === etag || (journal.unsaved > 0 && meansTheSame(journal.graph, graph));
}

class OpenDocument {
  /**
   * @param {{ name: string, graph: Graph, etag: string, world: World, journal: Journal, own: Found | undefined, left: Found[] }} opened
   */
  constructor({ name, graph, etag, world, journal, own, left }) {
    this.name = name;
    this.world = world;
    this.journal = journal;
    /** What was left on older versions; offered one after the other. */
    this.left = left;
    /** @type {Graph} */
    this.graph = own ? own.graph : graph;
    /** @type {History} */
    this.history = own?.history ?? NO_HISTORY;
    /** @type {Set<string>} */
    this.selection = new Set();
    this.listeners = new Set(/** @type {(() => void)[]} */ ([]));
    /** @type {Snapshot | null} */
    this.snapshot = null;
    this.saving = new Saving({
      name,
      etag,
      // A journal of this very version tells what that holds; else the server has the journal's last document.
      saved: own ? (own.head.etag === etag ? own.head.graph : own.graph) : graph,
      isUnderway: (own?.unsaved ?? 0) > 0,
      world,
      sides: {
        graph: () => this.graph,
        position: () => this.journal.last,
        onChange: () => this.changed(),
        onSend: () => this.checking.carry(),
        onAnswer: (findings) => this.checking.carriedOut(findings),
        onSaved: ({ etag: version, graph: sent, n }) => this.journal.mark({ etag: version, graph: sent, n, at: world.clock.now(), history: this.history }),
        onReload: ({ graph: other }) => this.#do({ title: ["edit.reloaded"], changes: between(this.graph, other) }),
      },
    });
    this.checking = new Checking({ name, world, graph: () => this.graph, onChange: () => this.changed() });
  }

  /**
   * Go on with the journal that was found, or begin one; what stands in it now is taken out elsewhere.
   * @param {readonly Found[]} found
   * @param {Found | undefined} own
   */
  begin(found, own) {
    const { journal, saving } = this;
    const isSame = own?.head.session === journal.session;
    const head = { etag: saving.etag, graph: saving.saved, n: journal.last, at: this.world.clock.now(), history: this.history };
    if (!isSame) {
      journal.begin(head);
      if (saving.isAnother) journal.append({ what: "taken" }, between(saving.saved, this.graph), head.at);
    } else if (own.head.etag !== saving.etag) journal.mark(head);
    for (const other of found) {
      const isTaken = other === own || other.unsaved === 0;
      if (isTaken && other.head.session !== journal.session) journal.drop(other.head.session);
    }
    if (saving.isUnsaved) saving.touched();
    this.checking.now();
  }

  asStore() {
    /** @type {DocumentStore} */
    return {
      get: () => this.get(),
      subscribe: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
      do: (edit) => this.#do(edit),
      undo: () => this.#step("undo"),
      redo: () => this.#step("redo"),
      select: (ids) => this.#select(ids),
      resolveConflict: (how) => this.#resolve(how),
      takeLeftover: (merged) => this.#takeLeftover(merged),
      dropLeftover: () => this.#dropLeftover(),
      nameVersion: (label) => this.#nameVersion(label),
      flush: () => this.saving.flush(),
      retry: () => this.saving.retry(),
      check: () => this.checking.now(),
      changedOnServer: (etag) => this.saving.heard(etag),
      close: () => this.#close(),
    };
  }

  /** @returns {Snapshot} */
  get() {
    this.snapshot ??= this.#taken();
    return this.snapshot;
  }

  /** @returns {Snapshot} */
  #taken() {
    const { saving, checking, history, left } = this;
    return {
      name: this.name,
      graph: this.graph,
      etag: saving.etag,
      saved: saving.saved,
      selection: this.selection,
      save: saving.save,
      canUndo: history.done.length > 0,
      canRedo: history.undone.length > 0,
      undoTitle: history.done.at(-1)?.title ?? null,
      redoTitle: history.undone.at(-1)?.title ?? null,
      findings: checking.findings,
      isChecking: checking.isChecking,
      isKept: this.journal.isKept,
      ...(saving.conflict ? { conflict: saving.conflict } : {}),
      ...(left[0] ? { leftover: leftoverOf(left[0]) } : {}),
    };
  }

  /** Something that a snapshot shows is another now. */
  changed() {
    this.snapshot = null;
    for (const listener of this.listeners) listener();
  }

  /** @param {Edit} edit */
  #do(edit) {
    if (edit.changes.length === 0) return this.#select(edit.select ?? this.selection);
    const now = this.world.clock.now();
    const { history, graph, step, isMerged } = record(this.history, this.graph, edit, { now, selection: [...this.selection] });
    this.#become(history, graph, step.selectAfter);
    this.journal.append({ what: "do", step, isMerged }, edit.changes, now);
    this.#touched(edit.changes);
  }

  /** @param {"undo" | "redo"} what */
  #step(what) {
    const result = (what === "undo" ? undo : redo)(this.history, this.graph);
    if (!result) return;
    const { history, graph, step } = result;
    this.#become(history, graph, what === "undo" ? step.selectBefore : step.selectAfter);
    const changes = what === "undo" ? step.inverse : step.changes;
    this.journal.append({ what }, changes, this.world.clock.now());
    this.#touched(changes);
  }

  /**
   * @param {History} history
   * @param {Graph} graph
   * @param {Iterable<string>} selection
   */
  #become(history, graph, selection) {
    this.history = history;
    this.graph = graph;
    const nodes = nodesOf(graph);
    this.selection = new Set([...selection].filter((id) => Object.hasOwn(nodes, id)));
  }

  /** @param {readonly Change[]} changes */
  #touched(changes) {
    this.snapshot = null;
    this.saving.touched();
    if (!isOnlyPlaces(changes)) this.checking.touched();
    this.changed();
  }

  /** @param {Iterable<string>} ids */
  #select(ids) {
    const nodes = nodesOf(this.graph);
    const chosen = new Set([...ids].filter((id) => Object.hasOwn(nodes, id)));
    if (chosen.size === this.selection.size && [...chosen].every((id) => this.selection.has(id))) return;
    this.selection = chosen;
    this.changed();
  }

  /** @param {"mine" | "theirs" | Graph} how */
  #resolve(how) {
    const { conflict } = this.saving;
    if (!conflict) return;
    if (how === "mine") return this.saving.overwrite(conflict);
    const other = how === "theirs" ? conflict.document : how;
    // The file is gone, and that is what is wanted: the document stays here, unsaved by choice, until it is edited.
    if (other === null) return;
    const title = /** @type {Edit["title"]} */ (how === "theirs" ? ["edit.theirs"] : ["edit.merged"]);
    const isTheirs = how === "theirs" && conflict.etag !== null;
    this.saving.conflict = undefined;
    const now = this.world.clock.now();
    const edit = { title, changes: between(this.graph, other) };
    if (edit.changes.length > 0) {
      const { history, graph, step, isMerged } = record(this.history, this.graph, edit, { now, selection: [...this.selection] });
      this.#become(history, graph, step.selectAfter);
      this.journal.append({ what: "do", step, isMerged }, edit.changes, now);
      this.checking.touched();
    }
    if (isTheirs) this.saving.takeOver(/** @type {Conflict & { document: Graph, etag: string }} */ (conflict));
    else this.saving.overwrite(conflict);
    this.changed();
  }

  /** @param {Graph} [merged] */
  #takeLeftover(merged) {
    const [left] = this.left;
    if (!left) return;
    this.#do({ title: ["edit.leftover"], changes: between(this.graph, merged ?? left.graph) });
    this.#dropLeftover();
  }

  #dropLeftover() {
    const [left, ...others] = this.left;
    if (!left) return;
    this.journal.drop(left.head.session);
    this.left = others;
    this.changed();
  }

  /** @param {string | null} label */
  async #nameVersion(label) {
    await this.saving.flush();
    const { etag } = this.saving;
    const reply = await this.world.ask("PUT", `api/graphs/${this.name}/versions/${etag}/label`, JSON.stringify({ label }));
    if (reply.status >= 300) throw problemOf(reply, parsed(reply));
  }

  async #close() {
    const isUnsaved = !this.saving.conflict && this.saving.isUnsaved;
    if (isUnsaved) await this.saving.flush().catch(() => {});
    this.saving.close();
    this.checking.close();
    await this.journal.written;
    this.listeners.clear();
  }
}

/**
 * @param {Found} found
 * @returns {Leftover}
 */
function leftoverOf({ head, graph, unsaved }) {
  return { etag: head.etag, at: head.at, base: head.graph, document: graph, edits: unsaved };
}
