// One side of a run beside the canvas: its timeline, events or state, without its picture.
import { h, useSyncExternalStore } from "../../../vendor/flow.js";
import { EventList } from "./events.js";
import { useNow } from "./now.js";
import { useStore } from "./opened.js";
import { word } from "./speech.js";
import { StateSteps } from "./state.js";
import { Timeline } from "./timeline.js";

/** @import { Plan } from "../../live/plan.js" */
/** @import { RunStore } from "../../live/run.js" */

/** @param {{tab: string, run: string | null, onSelect?: (path: string) => void}} props */
export function RunPanel({ tab, run, onSelect }) {
  if (run === null) return h("p", { className: "run-view run-empty" }, word("room.none"));
  return h(OfRun, { key: run, tab, run, onSelect });
}

/** @param {{tab: string, run: string, onSelect: ((path: string) => void) | undefined}} props */
function OfRun({ tab, run, onSelect }) {
  const { store, problem } = useStore(run);
  if (problem) return h("p", { className: "form-said", role: "alert" }, problem.message);
  if (!store?.plan) return h("p", { className: "run-empty", role: "status" }, word("run.loading", run));
  return h("div", { className: "run-view is-panel" }, h(Side, { tab, store, plan: store.plan, onSelect: onSelect ?? (() => undefined) }));
}

/** @param {{tab: string, store: RunStore, plan: Plan, onSelect: (path: string) => void}} props */
function Side({ tab, store, plan, onSelect }) {
  const shown = useSyncExternalStore(store.subscribe, store.get);
  const now = useNow(store.chronicle.now.outcome === null);
  if (tab === "events") return h(EventList, { store, shown, onSelect });
  if (tab === "state") return h(StateSteps, { store, shown });
  return h(Timeline, { store, shown, plan, now, selected: null, onSelect });
}
