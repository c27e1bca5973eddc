// What is pinned, said before a run starts: how many outputs and whose, with a way to run without them. Rule: a pin that the
// graph cannot use any more is said, not sent.
import { h, useId, useState, useSyncExternalStore } from "../../../vendor/flow.js";
import { nodeAt, sorted } from "../../store/pins.js";
import { Icon } from "../icons.js";
import { nameOf } from "../look.js";
import { word } from "./speech.js";

/** @import { Json } from "../../contract.js" */
/** @import { Pins } from "../../store/pins.js" */

/** @typedef {{ pins: Pins, graph: any }} Pinned */

const NONE = Object.freeze({});
const none = () => NONE;
const noChange = () => () => undefined;

/**
 * @param {Pinned | undefined} pinned
 * @param {boolean} isDisabled
 * @param {() => void} onChange what is sent is another thing now
 * @returns {{ fresh: Record<string, Json> | null, part: any }} fresh: to be sent with the run, or null
 */
export function usePins(pinned, isDisabled, onChange) {
  const id = useId();
  const pins = useSyncExternalStore(pinned?.pins.subscribe ?? noChange, pinned?.pins.get ?? none);
  const [areUsed, setAreUsed] = useState(true);
  if (!pinned || !Object.keys(pins).length) return { fresh: null, part: null };
  const { fresh, stale } = sorted(pins, pinned.graph);
  const paths = Object.keys(fresh);
  const part = h(
    "div",
    { className: "pinned-part" },
    paths.length
      ? h(
          "div",
          { className: "form-field is-inline" },
          h("input", { id, type: "checkbox", checked: areUsed, disabled: isDisabled, onChange: (/** @type {any} */ event) => (setAreUsed(event.currentTarget.checked), onChange()) }),
          h("label", { htmlFor: id }, h(Icon, { name: "status-pinned", size: 14 }), h("span", null, word(paths.length === 1 ? "pinned.one" : "pinned.many", paths.length))),
          h("p", { className: "form-help" }, word(areUsed ? "pinned.used" : "pinned.unused", names(pinned.graph, paths))),
        )
      : null,
    stale.length ? h("p", { className: "pinned-stale" }, h("span", null, word("pinned.stale", stale.join(", "))), h("button", { type: "button", className: "link-button", onClick: () => pinned.pins.drop(stale) }, word("pinned.forget"))) : null,
  );
  return { fresh: areUsed && paths.length ? fresh : null, part };
}

/**
 * @param {any} graph
 * @param {string[]} paths
 */
function names(graph, paths) {
  return paths.map((path) => nameOf(path, nodeAt(graph, path))).join(", ");
}
