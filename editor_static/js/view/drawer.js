// The drawer: problems with their fixes, what differs, and the tabs of a run, which are the run view's. Rule: it opens only
// when it is asked to, and a tab that is not open costs nothing.
import { h } from "../../vendor/flow.js";
import { word } from "../words.js";
import { useEditor } from "./context.js";
import { DiffPanel } from "./diff.js";
import { FixButton } from "./finding.js";
import { Icon } from "./icons.js";
import { nameOf } from "./look.js";
import { RunPanel } from "./run/index.js";
import { runPath } from "./through.js";

const TABS = /** @type {const} */ (["problems", "timeline", "events", "state", "diff"]);

export function Drawer() {
  const editor = useEditor();
  const { ui, snapshot } = editor;
  const errors = snapshot.findings.filter((one) => one.severity === "error").length;
  const open = (/** @type {(typeof TABS)[number]} */ tab) => editor.setUi({ drawer: tab, isDrawerOpen: !(ui.isDrawerOpen && ui.drawer === tab) });
  return h(
    "section",
    { className: `drawer${ui.isDrawerOpen ? " open" : ""}`, "aria-label": word("drawer") },
    h(
      "div",
      { className: "tabs" },
      h("div", { role: "tablist", "aria-label": word("drawer"), style: { display: "flex", gap: 4, alignItems: "stretch" } }, TABS.map((tab) =>
        h(
          "button",
          { key: tab, role: "tab", id: `tab-${tab}`, "aria-selected": ui.isDrawerOpen && ui.drawer === tab, "aria-controls": "drawer-panel", onClick: () => open(tab) },
          word(`drawer.${tab}`),
          tab === "problems" && snapshot.findings.length ? h("span", { className: `count ${errors ? "error" : "warning"}` }, snapshot.findings.length) : null,
        ),
      )),
      h("span", { className: "grow" }),
      h("button", { className: "icon-only", "aria-expanded": ui.isDrawerOpen, "aria-label": word(ui.isDrawerOpen ? "drawer.close" : "drawer.open"), onClick: () => editor.setUi({ isDrawerOpen: !ui.isDrawerOpen }) }, h(Icon, { name: ui.isDrawerOpen ? "down" : "up" })),
    ),
    ui.isDrawerOpen ? h("div", { className: "scroll", id: "drawer-panel", role: "tabpanel", tabIndex: 0, "aria-labelledby": `tab-${ui.drawer}` }, ui.drawer === "problems" ? h(Problems, null) : ui.drawer === "diff" ? h(DiffPanel, null) : h(RunPanel, { tab: ui.drawer, last: editor.last, selected: editor.selection.size === 1 ? runPath(ui.scope, [...editor.selection].join("")) : null, onSelect: (/** @type {string} */ path) => editor.run("show_ran", path) })) : h("div", { id: "drawer-panel", hidden: true }),
  );
}

function Problems() {
  const editor = useEditor();
  const { findings, isChecking } = editor.snapshot;
  if (findings.length === 0) return h("p", { className: "nothing", role: "status" }, word(isChecking ? "problems.checking" : "problems.none"));
  return h(
    "ul",
    { className: "problems", "aria-label": word("drawer.problems") },
    findings.map((finding, index) =>
      h(
        "li",
        { key: index, className: `${finding.severity}${editor.ui.problem === index ? " current" : ""}`, "data-code": finding.code },
        h(Icon, { name: "error" }),
        h("button", { className: "what", onClick: () => editor.run("show_problem", index) }, h("span", { className: "unseen" }, word(`severity.${finding.severity}`)), finding.node ? h("strong", null, `${nameOf(finding.node, /** @type {any} */ (editor.snapshot.graph["nodes"])?.[finding.node])}: `) : null, finding.message),
        finding.fix ? h(FixButton, { finding }) : h("span", null),
        finding.hint ? h("span", { className: "hint" }, finding.hint) : null,
      ),
    ),
  );
}
