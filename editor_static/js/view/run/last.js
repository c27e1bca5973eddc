// The run whose values the editor shows beside the graph: the newest of it, or the one that was chosen under Run. Rule:
// nothing is asked of the server before somebody wants to see it, and nothing more where the graph never ran.
import { useEffect, useSyncExternalStore } from "../../../vendor/flow.js";
import { value as asked } from "../../api.js";
import { lookUp, namesAt, scopeAt } from "../../live/values.js";

/** @import { RunStore } from "../../live/run.js" */
/** @import { Json, JsonObject } from "../../live/types.js" */
/** @import { OpenRuns } from "./opened.js" */

/**
 * @typedef {object} Last
 * @property {"unasked" | "asked" | "none" | "opening" | "there" | "lost"} state lost: it cannot be told, `problem` says why
 * @property {string | null} run
 * @property {RunStore | null} store
 * @property {string} problem
 */

export class LastRun {
  #name;
  #runs;
  #listeners = new Set();
  /** @type {Last} */
  #told = { state: "unasked", run: null, store: null, problem: "" };
  /** @type {string | null} the newest one that is known of */
  #newest = null;
  #isHeld = false;
  /** @type {() => void} */
  #leave = () => undefined;

  /**
   * @param {string} name the graph's
   * @param {OpenRuns} runs
   */
  constructor(name, runs) {
    this.#name = name;
    this.#runs = runs;
    this.subscribe = this.subscribe.bind(this);
    this.get = this.get.bind(this);
  }

  /** @returns {Last} */
  get() {
    return this.#told;
  }

  /**
   * @param {() => void} listener
   * @returns {() => void}
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Somebody wants to see it: the first time the newest run is looked for. */
  want() {
    if (this.#told.state !== "unasked") return;
    this.#tell({ state: "asked" });
    asked("GET", `api/runs?graph=${encodeURIComponent(this.#name)}&limit=1`).then(
      (told) => {
        this.#newest ??= told.runs[0]?.id ?? null;
        if (this.#told.state !== "asked") return;
        if (this.#newest) this.#open(this.#newest);
        else this.#tell({ state: "none" });
      },
      (error) => this.#told.state === "asked" && this.#tell({ state: "lost", problem: String(error.message) }),
    );
  }

  /**
   * This one was chosen, or started here.
   * @param {string} run
   */
  choose(run) {
    if (this.#told.run !== run) this.#open(run);
  }

  /**
   * A newer run of the graph has begun, here or elsewhere. Who looks at an older one on purpose goes on looking at it.
   * @param {string} run
   */
  begun(run) {
    const follows = !this.#isHeld && this.#told.state !== "unasked" && this.#told.run === this.#newest;
    this.#newest = run;
    if (follows) this.choose(run);
  }

  /**
   * While runs are being chosen from, only a choice changes which one is shown.
   * @param {boolean} isHeld
   */
  hold(isHeld) {
    this.#isHeld = isHeld;
  }

  /**
   * The names that a graph of the run had at the moment that is looked at; null where it has not run.
   * @param {string} path of the sub-flow node whose graph it is, "" for the run's own
   * @param {string | null} node the node at which they are read: `output` and `error` are its own
   * @returns {JsonObject | null}
   */
  names(path, node) {
    const { store } = this.#told;
    const started = store?.chronicle.events[0];
    if (!store || !started) return null;
    const { overview, n } = store.get();
    const scope = scopeAt(overview, path);
    if (scope === null) return null;
    const names = namesAt(store.chronicle, store.steps, scope, n);
    const own = node === null ? undefined : lookUp(`nodes.${node}`, names);
    const turns = node === null ? undefined : overview.nodes.get(path ? `${path}/${node}` : node)?.turns;
    return { ...names, .../** @type {JsonObject} */ (own ?? {}), run: { id: store.id, started_at: started.at }, ...(turns ? { iteration: /** @type {Json} */ (turns[turns.length - 1] ?? 1) } : {}) };
  }

  /** @param {string} run */
  #open(run) {
    this.#leave();
    this.#newest ??= run;
    this.#tell({ state: "opening", run, store: null, problem: "" });
    this.#leave = this.#runs.look(run, ({ store, problem }) => {
      if (this.#told.run !== run) return;
      if (store) this.#tell({ state: "there", store });
      else this.#tell({ state: "lost", problem: String(problem?.message ?? "") });
    });
  }

  /** @param {Partial<Last>} change */
  #tell(change) {
    this.#told = { ...this.#told, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}

/**
 * The last run, for a view that shows it.
 * @param {LastRun} last
 * @returns {Last}
 */
export function useLastRun(last) {
  useEffect(() => last.want(), [last]);
  return useSyncExternalStore(last.subscribe, last.get);
}
