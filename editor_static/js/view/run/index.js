// The run view's door: what the editor and the pages take from here, and nothing else.
import { h } from "../../../vendor/flow.js";
import { GraphRuns } from "./room.js";
import { OneRun } from "./view.js";

export { LastRun, useLastRun } from "./last.js";
export { OpenRuns, OpenRunsContext } from "./opened.js";
export { RunPanel } from "./panel.js";
export { StartRun } from "./start.js";

/** @import { ReactNode } from "../../../vendor/flow.js" */

/**
 * A run; or, where none is named, the runs of a graph.
 * @param {object} props
 * @param {string | null} [props.run] its id
 * @param {string} [props.name] the graph's
 * @param {{flush: () => Promise<void>, get: () => {graph: any}}} [props.store] what keeps the graph's document, saved before a run starts
 * @param {import("../../store/pins.js").Pins} [props.pins] outputs that stand for nodes' work in the runs started here
 * @param {(run: string) => void} [props.onRun] told which run is looked at
 * @param {string | null} [props.chosen] of the graph's runs the one to begin with; absent: the newest
 * @param {boolean} [props.isNew] of the graph's runs: whether the form of a new one is shown
 * @param {(isNew: boolean) => void} [props.onNew] told when it comes or goes
 * @param {ReactNode} [props.lead] what stands before the run's title
 * @param {string | null} [props.node] path of the node to begin at
 */
export function RunView({ run, name, store, pins, onRun, chosen, isNew, onNew, lead, node }) {
  return run ? h(OneRun, { key: run, run, name, lead, node }) : h(GraphRuns, { key: name, name: name ?? "", store, pins, onRun, first: chosen ?? null, isNew: isNew ?? false, onNew: onNew ?? (() => undefined) });
}
