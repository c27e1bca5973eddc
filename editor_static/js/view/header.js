// The header: what is open, how the keeping of it stands, the three ways to look at it, and Run.
import { h, useSyncExternalStore } from "../../vendor/flow.js";
import { ROOT } from "../api.js";
import { keyOf } from "../gestures/keys.js";
import { moment, say, word } from "../words.js";
import { useEditor } from "./context.js";
import { Icon } from "./icons.js";
/** @import { OpenGates } from "../live/open.js" */

const MODES = /** @type {const} */ (["build", "run", "history"]);

/** @param {{ gates: OpenGates }} props  gates: the decisions that are waited for */
export function Header({ gates }) {
  const editor = useEditor();
  const { snapshot, ui } = editor;
  const errors = snapshot.findings.filter((one) => one.severity === "error").length;
  const warnings = snapshot.findings.length - errors;
  const title = typeof snapshot.graph["title"] === "string" && snapshot.graph["title"] ? snapshot.graph["title"] : snapshot.name;
  return h(
    "header",
    { className: "top" },
    h("a", { className: "mark", href: ROOT, "aria-label": word("home"), title: word("home") }, h("svg", { viewBox: "0 0 24 24", width: 20, height: 20, "aria-hidden": true }, h("path", { d: "M4 6h4c4 0 4 12 8 12h4M4 18h4c4 0 4-12 8-12h4", fill: "none", stroke: "currentColor", strokeWidth: 2, strokeLinecap: "round" }))),
    h(
      "div",
      { className: "doc" },
      h("h1", null, h("button", { title: `${title} (${snapshot.name})`, onClick: () => { editor.select([]); editor.setUi({ edge: null, mode: "build", isInspectorOpen: true, field: "/title", scope: [] }); } }, h("span", null, title))),
      h(SaveState, null),
    ),
    h(
      "div",
      { className: "modes", role: "tablist", "aria-label": word("modes") },
      MODES.map((mode) => h("button", { key: mode, role: "tab", id: `mode-${mode}`, "aria-selected": ui.mode === mode, "aria-controls": "mode-panel", onClick: () => editor.setUi({ mode, isStarting: false }) }, word(`mode.${mode}`))),
    ),
    h(
      "div",
      { className: "acts" },
      h("button", { className: "find", "aria-keyshortcuts": "Control+K Meta+K", title: `${word("action.commands")} (${keyOf("commands")})`, onClick: () => editor.run("commands") }, h(Icon, { name: "search" }), h("span", { className: "find-word" }, word("find")), h("kbd", { "aria-hidden": true }, keyOf("commands"))),
      h("button", { className: "icon-only", disabled: !snapshot.canUndo, "aria-label": undoWord("action.undo", snapshot.undoTitle), title: `${undoWord("action.undo", snapshot.undoTitle)} (${keyOf("undo")})`, onClick: () => editor.run("undo") }, h(Icon, { name: "undo" })),
      h("button", { className: "icon-only", disabled: !snapshot.canRedo, "aria-label": undoWord("action.redo", snapshot.redoTitle), title: `${undoWord("action.redo", snapshot.redoTitle)} (${keyOf("redo")})`, onClick: () => editor.run("redo") }, h(Icon, { name: "redo" })),
      h("span", { className: "rule wide-only" }),
      h(
        "button",
        { "aria-label": word("problems.count", String(errors), String(warnings)), title: word("problems.count", String(errors), String(warnings)), onClick: () => editor.setUi({ mode: "build", drawer: "problems", isDrawerOpen: !(ui.isDrawerOpen && ui.drawer === "problems") }) },
        h(Icon, { name: errors + warnings ? "error" : "check" }),
        errors + warnings ? h("span", { className: `count ${errors ? "error" : "warning"}` }, errors + warnings) : null,
      ),
      h("button", { className: "icon-only", "aria-label": word("action.export"), "aria-haspopup": "menu", title: `${word("action.export")} (${keyOf("export")})`, onClick: (/** @type {any} */ event) => openExport(editor, event.currentTarget) }, h(Icon, { name: "share" })),
      h(Inbox, { gates }),
      h("button", { className: "icon-only only-narrow", "aria-label": word("inspector"), "aria-expanded": ui.isInspectorOpen, title: word("inspector"), onClick: () => editor.setUi({ isInspectorOpen: !ui.isInspectorOpen }) }, h(Icon, { name: "gear" })),
      h("button", { className: "first", title: `${word("action.run")} (${keyOf("run")})`, onClick: () => editor.run("run") }, h(Icon, { name: "play" }), word("run")),
    ),
  );
}

/**
 * @param {string} key
 * @param {import("../contract.js").Said | null} title
 */
function undoWord(key, title) {
  return title ? `${word(key)}: ${say(title)}` : word(key);
}

/**
 * @param {import("./context.js").Editor} editor
 * @param {HTMLElement} button
 */
export function openExport(editor, button) {
  const box = button.getBoundingClientRect();
  editor.setUi({ popup: { type: "export", x: box.right - 220, y: box.bottom + 6 } });
}

/** @param {{ gates: OpenGates }} props */
function Inbox({ gates }) {
  const count = useSyncExternalStore(gates.subscribe, gates.get);
  const said = count ? word("inbox.count", count) : word("inbox");
  return h("a", { className: count ? "button" : "button icon-only", href: `${ROOT}inbox`, "aria-label": said, title: said }, h(Icon, { name: "inbox" }), count ? h("span", { className: "count asking" }, count) : null);
}

function SaveState() {
  const editor = useEditor();
  const { save, conflict } = editor.snapshot;
  const act = conflict ? h("button", { onClick: () => editor.setUi({ popup: { type: "conflict" } }) }, word("conflict.look")) : save.state === "offline" || save.state === "refused" ? h("button", { onClick: () => editor.run("save") }, word("save.again")) : null;
  return h(
    "span",
    { className: `save ${save.state}`, role: "status", title: save.problem ? [save.problem.detail, save.problem.hint].filter(Boolean).join(" ") : "" },
    word(`save.${save.state}`),
    save.state === "saved" ? h("span", { className: "save-time" }, moment(save.at)) : null,
    act,
  );
}
