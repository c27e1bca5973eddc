// Which execution of a node is told: its iterations and items, as chips; many as a list. Rule: where there is but one,
// there is nothing to pick.
import { h } from "../../../vendor/flow.js";
import { partsOf } from "../../live/names.js";
import { word } from "./speech.js";

/** @import { RunStore } from "../../live/run.js" */

/** @param {{store: RunStore, path: string, executions: string[], execution: string, n: number, onPick: (execution: string) => void}} props */
export function Picker({ store, path, executions, execution, n, onPick }) {
  const whole = execution.replace(/\[\d+\]$/, "");
  const items = store.chronicle.itemsOf(path, whole, n);
  if (executions.length < 2 && !items.length) return null;
  return h(
    "div",
    { className: "detail-picker" },
    executions.length > 1 ? h(Chips, { label: word("detail.iterations"), names: executions, chosen: whole, text: turnWords, onPick }) : null,
    items.length ? h(Chips, { label: word("detail.items"), names: [whole, ...items], chosen: execution, text: (name) => (name === whole ? word("detail.allItems") : String(partsOf(name).item)), onPick }) : null,
  );
}

/** @param {string} execution */
function turnWords(execution) {
  const parts = execution.split("/").map((part) => partsOf(part));
  const turns = parts.map((part) => part.turns.join(".") || "1");
  return turns.length > 1 && turns.slice(0, -1).some((one) => one !== "1") ? turns.join(" / ") : /** @type {string} */ (turns[turns.length - 1]);
}

/** @param {{label: string, names: string[], chosen: string, text: (name: string) => string, onPick: (name: string) => void}} props */
function Chips({ label, names, chosen, text, onPick }) {
  if (names.length > 24) {
    return h("label", { className: "chips" }, h("span", { className: "quiet" }, label), h("select", { value: chosen, onChange: (/** @type {any} */ event) => onPick(event.currentTarget.value) }, names.map((name) => h("option", { key: name, value: name }, text(name)))));
  }
  return h("div", { className: "chips", role: "group", "aria-label": label }, h("span", { className: "quiet" }, label), names.map((name) => h("button", { key: name, type: "button", className: "chip", "aria-pressed": name === chosen, onClick: () => onPick(name) }, text(name))));
}
