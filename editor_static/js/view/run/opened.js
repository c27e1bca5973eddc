// The runs that views look at. Rule: a run is opened once, however many views look at it: one line to the server and one
// fold, closed when the last of them has gone.
import { createContext, useContext, useEffect, useMemo, useState } from "../../../vendor/flow.js";
import { ROOT, value as asked } from "../../api.js";
import { Plan } from "../../live/plan.js";
import { RunStore } from "../../live/run.js";
import { browser } from "./surroundings.js";

/** @import { Context } from "../../../vendor/flow.js" */
/** @import { Problem } from "../../api.js" */

/** @typedef {{store: RunStore | null, problem: Problem | null}} Opened neither: it is on its way */
/** @typedef {{opened: Opened, users: Set<(opened: Opened) => void>}} Entry */

/** @type {Opened} */
const OPENING = Object.freeze({ store: null, problem: null });

export class OpenRuns {
  /** @type {Map<string, Entry>} */
  #entries = new Map();

  /**
   * Look at a run.
   * @param {string} run its id
   * @param {(opened: Opened) => void} tell called once it is there, at once if it is
   * @returns {() => void} looks no more
   */
  look(run, tell) {
    const entry = this.#entries.get(run) ?? this.#begin(run);
    entry.users.add(tell);
    if (entry.opened !== OPENING) tell(entry.opened);
    return () => {
      if (!entry.users.delete(tell) || entry.users.size) return;
      entry.opened.store?.close();
      if (this.#entries.get(run) === entry) this.#entries.delete(run);
    };
  }

  /**
   * @param {string} run
   * @returns {Entry}
   */
  #begin(run) {
    /** @type {Entry} */
    const entry = { opened: OPENING, users: new Set() };
    this.#entries.set(run, entry);
    const path = `api/runs/${encodeURIComponent(run)}`;
    /** @param {() => Opened} made */
    const settle = (made) => {
      if (!entry.users.size) return;
      entry.opened = made();
      for (const tell of [...entry.users]) tell(entry.opened);
    };
    asked("GET", `${path}/documents`).then(
      (told) => settle(() => ({ store: new RunStore(run, new Plan(told), browser, `${ROOT}${path}/events`), problem: null })),
      (problem) => settle(() => ({ store: null, problem })),
    );
    return entry;
  }
}

/** The runs of a page whose views share them; null: each view opens its own. @type {Context<OpenRuns | null>} */
export const OpenRunsContext = createContext(/** @type {OpenRuns | null} */ (null));

/**
 * A run's store for as long as a view looks at it.
 * @param {string} run its id
 * @returns {Opened}
 */
export function useStore(run) {
  const shared = useContext(OpenRunsContext);
  const runs = useMemo(() => shared ?? new OpenRuns(), [shared]);
  const [opened, setOpened] = useState(OPENING);
  useEffect(() => {
    const leave = runs.look(run, setOpened);
    return () => {
      leave();
      setOpened(OPENING);
    };
  }, [runs, run]);
  return opened;
}
