// The editor's face put together: header, palette and outline, canvas or JSON, inspector, drawer, and what floats.
// Rule: what is about the document is in the store, what is about the screen is in `ui`; nothing is kept anywhere else.
import { ReactFlowProvider, h, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "../../vendor/flow.js";
import { listenToClipboard } from "../gestures/clipboard.js";
import { SWITCH, bindingOf } from "../gestures/keys.js";
import { word } from "../words.js";
import { ACTIONS, clip, pasteText } from "./actions.js";
import { Canvas } from "./canvas.js";
import { EditorContext, at, isObject, scoped, useEditor } from "./context.js";
import { Drawer } from "./drawer.js";
import { Header } from "./header.js";
import { History } from "./history.js";
import { Icon } from "./icons.js";
import { Inspector } from "./inspector.js";
import { Json } from "./json.js";
import { nameOf } from "./look.js";
import { useNarrow } from "./narrow.js";
import { Outline } from "./outline.js";
import { Palette } from "./palette.js";
import { Leftover, Popups } from "./popups.js";
import { OpenRunsContext, RunView } from "./run/index.js";
/** @import { DocumentStore, Edit } from "../contract.js" */
/** @import { OpenGates } from "../live/open.js" */
/** @import { About, Editor, Ui } from "./context.js" */
/** @import { Pins } from "../store/pins.js" */
/** @import { LastRun, OpenRuns } from "./run/index.js" */

/** @type {Ui} */
const START = {
  mode: "build", isStarting: false, face: "canvas", left: "add", drawer: "problems", isDrawerOpen: false, isInspectorOpen: false,
  scope: [], edge: null, extra: new Set(), popup: null, isMerging: false, base: "opened", toast: null, isThroughOpen: true, problem: -1, field: null,
};

/** @param {{ store: DocumentStore, about: About, runs: OpenRuns, last: LastRun, pins: Pins, gates: OpenGates }} props */
export function App({ store, about, runs, last, pins, gates }) {
  const snapshot = useSyncExternalStore(store.subscribe, store.get);
  const [ui, setAll] = useState(START);
  const [said, setSaid] = useState({ text: "", turn: 0 });
  const [opened] = useState(snapshot.graph);
  const flow = useRef(/** @type {any} */ (null));
  const wish = useRef(/** @type {{ zoom: number, at: number } | null} */ (null));
  const pointer = useRef(/** @type {{ x: number, y: number } | null} */ (null));
  const setUi = useCallback((/** @type {Partial<Ui>} */ patch) => setAll((old) => ({ ...old, ...patch })), []);
  // The same sentence twice is said twice: an unseen mark makes it another text.
  const announce = useCallback((/** @type {string} */ text) => setSaid((old) => ({ text, turn: old.turn + 1 })), []);
  const latest = useRef(/** @type {Editor | null} */ (null));
  const run = useCallback((/** @type {string} */ action, /** @type {any} */ detail) => latest.current && ACTIONS[action]?.(latest.current, detail), []);
  const chosen = useRef(/** @type {Set<string>} */ (new Set()));
  const select = useCallback((/** @type {Iterable<string>} */ ids, /** @type {import("../contract.js").Path | undefined} */ where = undefined) => {
    chosen.current = new Set(ids);
    const isWhole = (where ?? latest.current?.ui.scope ?? []).length === 0;
    // The store knows the nodes of the document itself, which undo selects again; the rest is the screen's.
    if (isWhole) store.select(chosen.current);
    const extra = new Set([...chosen.current].filter((id) => !isWhole || id.startsWith("$")));
    setAll((old) => (old.extra.size === 0 && extra.size === 0 ? old : { ...old, extra }));
  }, [store]);
  const act = useCallback((/** @type {Edit} */ edit) => {
    const path = latest.current?.ui.scope ?? [];
    store.do(scoped(edit, path));
    if (path.length && edit.select) select(edit.select);
  }, [store, select]);

  // A sub-flow that is gone (undone, or taken out elsewhere) is left for what it stood in.
  const scope = useMemo(() => {
    let path = ui.scope;
    while (path.length && !isObject(at(snapshot.graph, path))) path = path.slice(0, -3);
    return path;
  }, [ui.scope, snapshot.graph]);
  const graph = at(snapshot.graph, scope);
  const selection = useMemo(() => new Set([...(scope.length ? [] : snapshot.selection), ...ui.extra]), [scope, snapshot.selection, ui.extra]);
  chosen.current = selection;
  const editor = useMemo(() => ({ store, snapshot, graph, opened, about, selection, chosen, select, last, pins, ui: { ...ui, scope }, setUi, act, announce, run, flow, wish, pointer }), [store, snapshot, graph, opened, about, selection, select, last, pins, ui, scope, setUi, act, announce, run]);
  latest.current = editor;

  useKeys(latest);
  useClipboard(latest);
  useEffect(() => last.hold(ui.mode === "run"), [last, ui.mode]);
  useEffect(() => {
    const name = typeof snapshot.graph["title"] === "string" ? snapshot.graph["title"] : snapshot.name;
    document.title = `${name} · weft`;
  }, [snapshot.graph, snapshot.name]);
  useEffect(() => {
    if (snapshot.conflict) announce(word("save.conflict"));
  }, [snapshot.conflict]);
  useEffect(() => {
    if (!ui.isMerging) return;
    // Somebody was quicker once more: what was merged is compared with that too.
    if (snapshot.conflict) setUi({ isMerging: false, popup: { type: "conflict", isAgain: true } });
    else if (["saved", "refused"].includes(snapshot.save.state)) setUi({ isMerging: false });
  }, [ui.isMerging, snapshot.conflict, snapshot.save.state]);
  useEffect(() => {
    if (ui.toast === null) return;
    const timer = setTimeout(() => setUi({ toast: null }), 8000);
    return () => clearTimeout(timer);
  }, [ui.toast]);

  return h(
    EditorContext.Provider,
    { value: editor },
    h(
      OpenRunsContext.Provider,
      { value: runs },
      h(
        "div",
        { className: "app" },
        h(Header, { gates }),
        ui.mode === "build" ? h(Build, null) : ui.mode === "run" ? h("main", { className: "run-room", id: "mode-panel", role: "tabpanel", "aria-labelledby": "mode-run" }, h(RunView, { name: snapshot.name, store, pins, chosen: last.get().run, isNew: ui.isStarting, onNew: (/** @type {boolean} */ isStarting) => setUi({ isStarting }), onRun: (/** @type {string} */ id) => last.choose(id) })) : h("main", { style: { minHeight: 0 } }, h(History, null)),
        h(Popups, null),
        h("div", { className: "unseen", role: "status", "aria-live": "polite", "data-said": true }, said.text + (said.turn % 2 ? "\u200b" : "")),
      ),
    ),
  );
}

function Build() {
  const editor = useEditor();
  const { ui, snapshot, graph } = editor;
  // Under 600 px there is no canvas to say it on.
  const isNarrow = useNarrow();
  const isEmpty = !isObject(graph["nodes"]) || Object.keys(graph["nodes"]).length === 0;
  return h(
    "div",
    { className: "body", id: "mode-panel", role: "tabpanel", "aria-labelledby": "mode-build" },
    h(
      "nav",
      { className: "side left", "aria-label": word("left") },
      h("div", { className: "tabs", role: "tablist" }, /** @type {const} */ (["add", "outline"]).map((tab) => h("button", { key: tab, role: "tab", id: `left-${tab}`, className: tab === "add" ? "wide-only" : "", "aria-selected": ui.left === tab, "aria-controls": "left-panel", onClick: () => editor.setUi({ left: tab }) }, word(`left.${tab}`)))),
      h("div", { id: "left-panel", role: "tabpanel", "aria-labelledby": `left-${ui.left}`, className: "scroll", style: { display: "flex", flexDirection: "column" } }, ui.left === "add" ? h(NarrowOutline, null) : h(Outline, null)),
    ),
    h(
      "main",
      { className: "middle" },
      h(
        "div",
        {
          className: "canvas", tabIndex: 0, "data-keys": "canvas", role: "application", "aria-label": word("canvas.name"), "aria-describedby": "canvas-help",
          onPointerMove: (/** @type {any} */ event) => { editor.pointer.current = { x: event.clientX, y: event.clientY }; },
          onPointerLeave: () => { editor.pointer.current = null; },
        },
        h("p", { id: "canvas-help", className: "unseen" }, word("canvas.help")),
        h(ReactFlowProvider, { key: ui.scope.join("/"), children: h(Canvas, null) }),
        isEmpty ? h(Empty, null) : null,
        ui.face === "canvas" ? h(CanvasTools, null) : null,
        h(Crumbs, null),
        ui.toast ? h("div", { className: "toast" }, h("span", null, ui.toast.text), ui.toast.action ? h("button", { onClick: () => { ui.toast?.action?.run(); editor.setUi({ toast: null }); } }, ui.toast.action.word) : null, h("button", { className: "icon-only", "aria-label": word("close"), onClick: () => editor.setUi({ toast: null }) }, h(Icon, { name: "close" }))) : null,
        snapshot.leftover && !isNarrow ? h(Leftover, null) : null,
      ),
      ui.face === "json" ? h(Json, null) : null,
      h("div", { className: "faces", style: { zIndex: 6 } }, h("div", { className: "cluster", role: "tablist", "aria-label": word("faces") }, /** @type {const} */ (["canvas", "json"]).map((face) => h("button", { key: face, role: "tab", "aria-selected": ui.face === face, onClick: () => editor.setUi({ face }) }, h(Icon, { name: face === "json" ? "braces" : "canvas" }), word(`face.${face}`))))),
      snapshot.leftover && isNarrow ? h(Leftover, null) : null,
      h(Drawer, null),
    ),
    h(Inspector, null),
  );
}

/** Under 600 px there is no canvas to drag to: the outline stands where the palette does. */
function NarrowOutline() {
  const isNarrow = useNarrow();
  return isNarrow ? h(Outline, null) : h(Palette, null);
}

function Empty() {
  const editor = useEditor();
  return h("div", { className: "empty" }, h("h2", null, word("empty.title")), h("p", null, word("empty.help")), h("button", { className: "first", onClick: () => editor.run("add") }, h(Icon, { name: "plus" }), word("empty.add")));
}

function CanvasTools() {
  const editor = useEditor();
  const tool = (/** @type {string} */ action, /** @type {string} */ icon, /** @type {any} */ detail = undefined, name = `action.${action}`) => h("button", { key: name, className: "icon-only", "aria-label": word(name), title: word(name), onClick: () => editor.run(action, detail) }, h(Icon, { name: icon }));
  return h(
    "div",
    { className: "tools", role: "toolbar", "aria-label": word("tools") },
    h("div", { className: "cluster" }, tool("zoom", "minus", "out", "action.zoom.out"), h("button", { className: "zoom", title: word("action.zoom.whole"), onClick: () => editor.run("zoom", "whole") }, h(ZoomWord, null)), tool("zoom", "plus", "in", "action.zoom.in")),
    h("div", { className: "cluster" }, tool("fit", "fit"), tool("tidy", "tidy"), tool("note", "note"), tool("keys", "keyboard")),
  );
}

/** How near one looks; it follows the canvas without drawing anything else again. */
function ZoomWord() {
  const editor = useEditor();
  const [zoom, setZoom] = useState(100);
  useEffect(() => {
    const look = () => setZoom(Math.round((editor.flow.current?.getZoom() ?? 1) * 100));
    const timer = setInterval(look, 200);
    look();
    return () => clearInterval(timer);
  }, []);
  return h("span", null, `${zoom} %`);
}

function Crumbs() {
  const editor = useEditor();
  const { scope } = editor.ui;
  if (scope.length === 0) return null;
  const steps = [];
  for (let depth = 0; depth < scope.length; depth += 3) {
    const node = at(editor.snapshot.graph, scope.slice(0, depth + 2));
    steps.push({ depth: depth + 3, name: nameOf(String(scope[depth + 1]), node) });
  }
  return h(
    "nav",
    { className: "crumbs", "aria-label": word("crumbs") },
    h("button", { onClick: () => editor.run("leave", 0) }, String(editor.snapshot.graph["title"] ?? editor.snapshot.name)),
    steps.map(({ depth, name }) => [h(Icon, { key: `i${depth}`, name: "right", size: 12 }), h("button", { key: depth, "aria-current": depth === scope.length ? "location" : undefined, onClick: () => { if (depth < scope.length) editor.run("leave", depth); } }, name)]),
  );
}

/** @param {{ current: Editor | null }} latest */
function useKeys(latest) {
  useEffect(() => {
    // What was selected when the focus came where it is.
    let before = /** @type {Set<string>} */ (new Set());
    const arrive = () => { before = latest.current?.chosen.current ?? before; };
    const press = (/** @type {KeyboardEvent} */ event) => {
      const now = latest.current;
      if (!now || event.defaultPrevented || event.isComposing) return;
      const editor = isSame(before, now.chosen.current) ? withFocused(now, /** @type {Element | null} */ (event.target)) : now;
      if (document.querySelector("dialog[open]")) return;
      const binding = bindingOf(event, localStorage.getItem(SWITCH) !== "off");
      if (!binding) return;
      const target = /** @type {Element} */ (event.target);
      const isOnButton = target.closest("button, a, summary") !== null && !target.closest("[data-node]");
      // A focused button keeps the keys that press it or leave it.
      if (isOnButton && ["enter", "next", "delete"].includes(binding.action)) return;
      if (binding.action === "next") {
        const isOnNode = target.closest(".react-flow__node") !== null;
        const isOnCanvas = target.matches(".canvas");
        if (!isOnNode && !(isOnCanvas && binding.detail > 0)) return;
        if (ACTIONS["next"]?.(editor, binding.detail)) event.preventDefault();
        return;
      }
      if (target.closest("[data-keys=outline]") && binding.action === "walk") {
        event.preventDefault();
        stepInOutline(editor, target, binding.detail === "down" || binding.detail === "right" ? 1 : -1);
        return;
      }
      if (editor.ui.mode !== "build" && !["commands", "keys", "save", "run", "scrub", "undo", "redo", "export"].includes(binding.action)) return;
      event.preventDefault();
      if (binding.action === "keys" && editor.ui.popup?.type === "keys") return editor.setUi({ popup: null });
      ACTIONS[binding.action]?.(editor, binding.action === "back" ? event : binding.detail);
    };
    document.addEventListener("keydown", press);
    document.addEventListener("focusin", arrive);
    return () => {
      document.removeEventListener("keydown", press);
      document.removeEventListener("focusin", arrive);
    };
  }, []);
}

/** @param {Set<string>} one @param {Set<string>} other */
function isSame(one, other) {
  return one.size === other.size && [...one].every((id) => other.has(id));
}

/**
 * A key means the node that has the focus, also where it came there without being selected. Only where nothing was
 * selected since: the focus follows a selection by a frame, and quick keys must not be taken for the node before.
 * @param {Editor} editor
 * @param {Element | null} target
 * @returns {Editor}
 */
function withFocused(editor, target) {
  const card = target?.closest(".react-flow__node");
  const id = card?.getAttribute("data-id");
  if (!id || editor.selection.has(id) || editor.ui.edge !== null) return editor;
  editor.select([id]);
  return { ...editor, selection: new Set([id]) };
}

/** @param {Editor} editor @param {Element} target @param {1 | -1} step */
function stepInOutline(editor, target, step) {
  const all = [...document.querySelectorAll(".outline [data-node]")];
  const now = all.indexOf(/** @type {Element} */ (target.closest("[data-node]")));
  const next = /** @type {HTMLElement | undefined} */ (all[now + step]);
  const id = next?.getAttribute("data-node");
  if (!next || !id) return;
  editor.select([id]);
  editor.setUi({ edge: null });
  next.focus();
}

/** @param {{ current: Editor | null }} latest */
function useClipboard(latest) {
  useEffect(
    () =>
      listenToClipboard(() => {
        const editor = /** @type {Editor} */ (latest.current);
        return {
          copied: () => (editor.ui.mode === "build" && editor.ui.face === "canvas" ? clip(editor) : ""),
          onCopied: () => editor.announce(word("said.copied")),
          onCut: () => editor.run("delete"),
          onPaste: (text) => { if (editor.ui.mode === "build" && editor.ui.face === "canvas") pasteText(editor, text); },
          onFile: (text, x, y) => {
            const spot = editor.flow.current?.screenToFlowPosition({ x, y });
            pasteText(editor, text, spot ? [spot.x, spot.y] : undefined);
          },
        };
      }),
    [],
  );
}

