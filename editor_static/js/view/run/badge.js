// A status as it is shown everywhere: shape, icon, word and colour together.
import { h } from "../../../vendor/flow.js";
import { Icon } from "../icons.js";
import { word } from "./speech.js";

/** @import { ReactNode } from "../../../vendor/flow.js" */

/** @param {{status: string, children?: ReactNode}} props */
export function Badge({ status, children }) {
  return h("span", { className: `badge-word status-${status}` }, h("span", { className: "badge-disc", "aria-hidden": true }, h(Icon, { name: `status-${status}` })), children ?? word(`status.${status}`));
}

/**
 * The status of a run as people call it: one that waits for an answer is asking.
 * @param {{status: string, waiting_for?: {kind: string}[]}} run
 */
export function statusOfRun(run) {
  return run.status === "waiting" && (run.waiting_for ?? []).some((wait) => wait.kind === "gate") ? "asking" : run.status;
}
