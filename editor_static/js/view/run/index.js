// The run view's place in the editor. Rule: what a run shows comes from the server's events; the editor only gives it room.
import { h } from "../../../vendor/flow.js";
import { ROOT } from "../../api.js";
import { word } from "../../words.js";

/** @param {{ name: string, store: any, onRun: (run: string) => void }} props */
export function RunView({ name }) {
  return h("div", { className: "empty" }, h("p", null, word("run.none")), h("a", { className: "button edged", href: ROOT, title: name }, word("home")));
}

/** @param {{ graph: any, onStarted: (run: string) => void }} _props */
export function StartRun(_props) {
  return null;
}

/** @param {{ tab: string, run: string | null }} _props */
export function RunPanel(_props) {
  return h("p", { className: "nothing" }, word("run.none"));
}
