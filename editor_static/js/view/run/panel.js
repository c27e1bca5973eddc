// One side of a run beside the canvas: its timeline, events or state, without its picture, and the moment that is looked at.
import { h, useSyncExternalStore } from "../../../vendor/flow.js";
import { EventList } from "./events.js";
import { useLastRun } from "./last.js";
import { useNow } from "./now.js";
import { Scrubber, scrubbed } from "./scrubber.js";
import { word } from "./speech.js";
import { StateSteps } from "./state.js";
import { Timeline } from "./timeline.js";

/** @import { Plan } from "../../live/plan.js" */
/** @import { RunStore } from "../../live/run.js" */
/** @import { LastRun } from "./last.js" */

/** @param {{tab: string, last: LastRun, selected: string | null, onSelect: (path: string) => void}} props */
export function RunPanel({ tab, last, selected, onSelect }) {
  const { state, run, store, problem } = useLastRun(last);
  if (state === "none") return h("p", { className: "run-view run-empty" }, word("room.none"));
  if (state === "lost") return h("div", { className: "run-view" }, h("p", { className: "run-empty form-said", role: "alert" }, problem));
  if (!store?.plan) return h("p", { className: "run-view run-empty", role: "status" }, run ? word("run.loading", run) : "");
  return h(Side, { key: store.id, tab, store, plan: store.plan, selected, onSelect });
}

/** @param {{tab: string, store: RunStore, plan: Plan, selected: string | null, onSelect: (path: string) => void}} props */
function Side({ tab, store, plan, selected, onSelect }) {
  const shown = useSyncExternalStore(store.subscribe, store.get);
  const now = useNow(store.chronicle.now.outcome === null);
  return h(
    "div",
    { className: "run-view is-panel", onKeyDown: (/** @type {any} */ event) => void scrubbed(store, event) },
    tab === "events" ? h(EventList, { store, shown, onSelect })
      : tab === "state" ? h(StateSteps, { store, shown })
      : h(Timeline, { store, shown, plan, now, selected, onSelect }),
    h(Scrubber, { store, shown }),
  );
}
