// A run's store for as long as a view looks at it. Rule: one line to the server while it is open, none afterwards.
import { useEffect, useState } from "../../../vendor/flow.js";
import { ROOT, value as asked } from "../../api.js";
import { Plan } from "../../live/plan.js";
import { RunStore } from "../../live/run.js";
import { browser } from "./surroundings.js";

/** @import { Problem } from "../../api.js" */

/**
 * @param {string} run its id
 * @returns {{store: RunStore | null, problem: Problem | null}}
 */
export function useStore(run) {
  const [opened, setOpened] = useState(/** @type {{store: RunStore | null, problem: Problem | null}} */ ({ store: null, problem: null }));
  useEffect(() => {
    let isGone = false;
    /** @type {RunStore | null} */
    let own = null;
    const path = `api/runs/${encodeURIComponent(run)}`;
    asked("GET", `${path}/documents`).then(
      (told) => {
        if (isGone) return;
        own = new RunStore(run, new Plan(told), browser, `${ROOT}${path}/events`);
        setOpened({ store: own, problem: null });
      },
      (problem) => !isGone && setOpened({ store: null, problem }),
    );
    return () => {
      isGone = true;
      own?.close();
      setOpened({ store: null, problem: null });
    };
  }, [run]);
  return opened;
}
