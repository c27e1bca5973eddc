// Pins the output of the selected node for the runs that are started here: as the last run gave it, or as it is written
// by hand. Rule: what is pinned is shown where the node's values are, and taken away there.
import { h, useId, useState, useSyncExternalStore } from "../../vendor/flow.js";
import { brief } from "../live/values.js";
import { PINNABLE } from "../store/pins.js";
import { isObject, useEditor } from "./context.js";
import { Icon } from "./icons.js";
import { kindOf, nameOf, optionsOf } from "./look.js";
import { word } from "./run/speech.js";

/** @import { Json } from "../contract.js" */

/**
 * @param {object} props
 * @param {string} props.id
 * @param {string} props.path in a run
 * @param {Json} [props.output] of the last run; absent: it gave none
 */
export function Pinning({ id, path, output }) {
  const editor = useEditor();
  const pins = useSyncExternalStore(editor.pins.subscribe, editor.pins.get);
  const [isWriting, setIsWriting] = useState(false);
  const node = /** @type {any} */ (editor.graph["nodes"])?.[id];
  const kind = kindOf(node);
  if (!PINNABLE.has(kind)) return null;
  const pin = pins[path]?.kind === kind ? pins[path] : undefined;
  const given = output === undefined ? undefined : pinnable(kind, output);
  const put = (/** @type {Json} */ value) => {
    editor.pins.put(path, { kind, output: value });
    editor.announce(word("pin.said", nameOf(id, node)));
    setIsWriting(false);
  };
  const drop = () => {
    editor.pins.drop([path]);
    editor.announce(word("pin.saidGone", nameOf(id, node)));
  };
  return h(
    "div",
    { className: `pinning${pin ? " is-pinned" : ""}` },
    pin ? h("p", { className: "pinning-line" }, h("span", { className: "badge-disc status-pinned", "aria-hidden": true }, h(Icon, { name: "status-pinned" })), h("strong", null, word("pin.is")), h("span", { className: "quiet ellipsis" }, brief(pin.output, 120))) : null,
    isWriting
      ? h(Written, { node, start: pin ? pin.output : (given ?? blank(node)), onPin: put, onClose: () => setIsWriting(false) })
      : h(
          "div",
          { className: "pinning-acts" },
          !pin && given !== undefined ? h("button", { type: "button", className: "button is-small", onClick: () => put(given) }, h(Icon, { name: "status-pinned", size: 14 }), word("pin.put")) : null,
          h("button", { type: "button", className: "button is-small is-plain", onClick: () => setIsWriting(true) }, word(pin ? "pin.edit" : given === undefined ? "pin.write" : "pin.editFirst")),
          pin ? h("button", { type: "button", className: "button is-small is-plain", onClick: drop }, word("pin.drop")) : null,
        ),
  );
}

/**
 * The pin as JSON, written by hand.
 * @param {{ node: any, start: Json, onPin: (value: Json) => void, onClose: () => void }} props
 */
function Written({ node, start, onPin, onClose }) {
  const id = useId();
  const [text, setText] = useState(() => JSON.stringify(start, null, 2));
  const [said, setSaid] = useState("");
  /** @param {any} event */
  const pin = (event) => {
    event.preventDefault();
    const read = parsed(text);
    const problem = read === undefined ? word("pin.notJson") : unfit(node, read);
    setSaid(problem);
    if (!problem && read !== undefined) onPin(read);
  };
  return h(
    "form",
    { className: "pinning-form", onSubmit: pin },
    h("label", { htmlFor: id }, word("pin.json")),
    h("textarea", { id, className: "mono", rows: 4, spellCheck: false, autoFocus: true, value: text, "aria-invalid": said ? true : undefined, "aria-describedby": said ? `${id}-said` : undefined, onChange: (/** @type {any} */ event) => (setText(event.target.value), setSaid("")) }),
    said ? h("p", { id: `${id}-said`, className: "form-said", role: "alert" }, said) : null,
    h("div", { className: "pinning-acts" }, h("button", { className: "button is-small is-first" }, word("pin.do")), h("button", { type: "button", className: "button is-small is-plain", onClick: onClose }, word("close"))),
  );
}

/** @param {string} text @returns {Json | undefined} undefined: it is no JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Why the node could not have given this, as far as it is seen at once; the server looks at all of it when a run starts.
 * @param {any} node
 * @param {Json} value
 * @returns {string} "": nothing is wrong with it
 */
function unfit(node, value) {
  if (node?.each !== undefined) return Array.isArray(value) ? "" : word("pin.list");
  if (kindOf(node) !== "human-gate") return "";
  const options = optionsOf(node);
  return isObject(value) && options.includes(String(value["option"])) ? "" : word("pin.option", options.join(", "));
}

/**
 * What of an output is pinned: who decided a gate and when is each run's own.
 * @param {string} kind
 * @param {Json} output
 * @returns {Json}
 */
function pinnable(kind, output) {
  if (kind !== "human-gate" || !isObject(output)) return output;
  return { option: output["option"] ?? "", form: output["form"] ?? {} };
}

/** @param {any} node @returns {Json} what a pin is begun with where there is nothing to begin with */
function blank(node) {
  if (kindOf(node) === "human-gate") return { option: optionsOf(node)[0] ?? "", form: {} };
  return node?.each !== undefined ? [] : kindOf(node) === "agent" && node?.output_schema === undefined ? "" : null;
}
