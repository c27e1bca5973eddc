// One finding in place: what, why, and the button that mends it. Rule: a finding is said by icon, word and colour together.
import { h } from "../../vendor/flow.js";
import { applyFix } from "../document/edits.js";
import { useEditor } from "./context.js";
import { Icon } from "./icons.js";

/** @param {{ finding: any }} props */
export function Finding({ finding }) {
  return h(
    "div",
    { className: `finding ${finding.severity}` },
    h(Icon, { name: "error" }),
    h("span", null, finding.message, finding.hint ? h("span", { className: "hint" }, ` ${finding.hint}`) : null),
    finding.fix ? h("span", { className: "act" }, h(FixButton, { finding })) : null,
  );
}

/** @param {{ finding: any }} props */
export function FixButton({ finding }) {
  const editor = useEditor();
  return h("button", { type: "button", className: "edged", onClick: () => editor.store.do(applyFix(editor.snapshot.graph, finding.fix)) }, finding.fix.title);
}
