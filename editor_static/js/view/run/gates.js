// The open gates of a run, and where each answer leads.
import { useEffect, useState, useSyncExternalStore } from "../../../vendor/flow.js";
import { value as asked } from "../../api.js";
import { word } from "./speech.js";

/** @import { Plan } from "../../live/plan.js" */
/** @import { RunStore } from "../../live/run.js" */
/** @import { Gate } from "./gate.js" */

/**
 * The open gates of this run as the inbox tells them; asked again when the journal says that some came or went.
 * @param {RunStore} store
 */
export function useGates(store) {
  const [gates, setGates] = useState(/** @type {Gate[]} */ ([]));
  const shown = useSyncExternalStore(store.subscribe, store.get);
  const names = [...store.chronicle.now.gates.values()].map((gate) => `${gate.gate} ${gate.assignees ?? ""}`).join("\n");
  useEffect(() => {
    if (!names) return setGates([]);
    let isGone = false;
    asked("GET", `api/inbox?run=${encodeURIComponent(store.id)}`).then((told) => !isGone && setGates(told.gates), () => undefined);
    return () => void (isGone = true);
  }, [names, store]);
  return shown.isLive ? gates : [];
}

/**
 * @param {Plan} plan
 * @param {Gate} gate
 */
export function leadsTo(plan, gate) {
  if (gate.purpose !== "gate") return undefined;
  const scope = gate.node.includes("/") ? gate.node.slice(0, gate.node.lastIndexOf("/")) : "";
  return (/** @type {string} */ option) => {
    const edge = plan.scope(scope)?.edges.find((one) => one.source === gate.node.slice(scope ? scope.length + 1 : 0) && one.port === option);
    if (!edge) return null;
    const to = plan.node(scope ? `${scope}/${edge.target}` : edge.target);
    const what = to?.tool ?? to?.model ?? "";
    return [plan.label(scope ? `${scope}/${edge.target}` : edge.target), word(`kind.${to?.kind ?? "missing"}`), typeof what === "string" ? what : ""].filter(Boolean).join(", ");
  };
}
