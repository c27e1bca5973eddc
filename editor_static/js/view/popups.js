// What opens over the page: the search box, the list of targets, a refusal with its way out, menus, the sheet of keys.
// Rule: each gives the focus back; each choice goes through the same actions as keys and buttons do.
import { h, useMemo, useState } from "../../vendor/flow.js";
import { ROOT } from "../api.js";
import { kindsAfter, targetsFor } from "../document/refusals.js";
import { KEYS, SWITCH, keyOf, printed } from "../gestures/keys.js";
import { moment, say, word } from "../words.js";
import { tryWire } from "./canvas.js";
import { isObject, useEditor } from "./context.js";
import { Dialog, Floating } from "./floating.js";
import { Icon } from "./icons.js";
import { CORE, OTHERS, allPorts, kindOf, nameOf, portName } from "./look.js";
import { ConflictView, LeftoverView } from "./merge.js";
import { PATTERNS } from "./patterns.js";
import { Picker } from "./picker.js";

export function Popups() {
  const editor = useEditor();
  const { popup } = editor.ui;
  const close = () => editor.setUi({ popup: null });
  switch (popup?.type) {
    case "add":
      return h(AddPicker, { popup, onClose: close });
    case "connect":
      return h(ConnectPicker, { popup, onClose: close });
    case "refusal":
      return h(RefusalBox, { popup, onClose: close });
    case "menu":
      return h(Menu, { popup, onClose: close });
    case "export":
      return h(ExportMenu, { popup, onClose: close });
    case "commands":
      return h(Commands, { onClose: close });
    case "keys":
      return h(KeySheet, { onClose: close });
    case "conflict":
      return h(ConflictView, { isAgain: popup.isAgain ?? false, onClose: close });
    case "leftover":
      return h(LeftoverView, { onClose: close });
    case "group":
      return h(NameBox, { title: word("action.group"), label: word("group.name"), start: word("group.start"), onClose: close, onName: (name) => editor.run("group", name) });
    case "rename": {
      const nodes = /** @type {any} */ (editor.graph["nodes"]);
      return h(NameBox, { title: word("action.rename"), label: word("field.label"), start: nameOf(popup.node, nodes?.[popup.node]), onClose: close, onName: (name) => editor.run("rename", { node: popup.node, name }) });
    }
    default:
      return null;
  }
}

/** @param {{ popup: any, onClose: () => void }} props */
function AddPicker({ popup, onClose }) {
  const editor = useEditor();
  const choices = useMemo(() => {
    const may = popup.from ? new Set(kindsAfter(editor.graph, popup.from.node, popup.from.on)) : null;
    const place = (/** @type {any} */ choice) => editor.run("place", { choice, from: popup.from, into: popup.into, at: popup.at });
    /** @type {import("./picker.js").Choice[]} */
    const all = [...CORE, ...OTHERS].filter((kind) => may === null || may.has(/** @type {any} */ (kind))).map((kind) => ({ key: kind, name: word(`kind.${kind}`), icon: kind, css: `kind-${kind}`, why: word(`kind.${kind}.help`), also: kind, group: word("palette"), choose: () => place({ kind }) }));
    const hasTool = may === null || may.has("tool");
    if (hasTool) for (const tool of editor.about.tools) all.push({ key: `tool:${tool.name}`, name: tool.name, icon: "tool", css: "kind-tool", side: word("kind.tool"), also: tool.description ?? "", group: word("palette.tools"), choose: () => place({ kind: "tool", fields: { tool: tool.name } }) });
    if (may === null || may.has("subgraph")) for (const graph of editor.about.graphs) if (graph.name !== editor.snapshot.name) all.push({ key: `graph:${graph.name}`, name: graph.title, icon: "subgraph", css: "kind-subgraph", side: graph.name, also: graph.description ?? "", group: word("palette.graphs"), choose: () => place({ kind: "subgraph", fields: { graph: graph.name } }) });
    if (!popup.from && !popup.into) for (const pattern of PATTERNS) all.push({ key: `pattern:${pattern.name}`, name: word(`pattern.${pattern.name}`), icon: pattern.icon, css: `kind-${pattern.icon}`, side: word("pattern"), group: word("palette.patterns"), choose: () => place({ pattern: pattern.name }) });
    return all;
  }, []);
  const from = popup.from ? nameOf(popup.from.node, /** @type {any} */ (editor.graph["nodes"])?.[popup.from.node]) : null;
  return h(Picker, { x: popup.x, y: popup.y, label: from ? word("add.after", from) : word("add.what"), choices, onClose });
}

/** @param {{ popup: any, onClose: () => void }} props */
function ConnectPicker({ popup, onClose }) {
  const editor = useEditor();
  const nodes = /** @type {any} */ (editor.graph["nodes"]);
  const node = nodes[popup.node];
  const ports = allPorts(node);
  const [port, setPort] = useState(/** @type {string | undefined} */ (popup.on));
  // A node with several ports is asked for the port first.
  if (port === undefined && ports.length > 1) {
    return h(Picker, {
      key: "port", x: popup.x, y: popup.y, label: word("connect.port", nameOf(popup.node, node)), onClose: () => undefined,
      choices: ports.map((one) => ({ key: one, name: portName(node, one), icon: "wire", side: one, choose: () => setPort(one) })),
      className: "ports",
    });
  }
  const on = port ?? ports[0];
  const verdicts = targetsFor(editor.graph, popup.node, on);
  const sorted = [...verdicts].sort((a, b) => rank(a.verdict) - rank(b.verdict));
  return h(Picker, {
    key: "target", x: popup.x, y: popup.y, label: word("connect.to", nameOf(popup.node, node), portName(node, on ?? "")), onClose,
    choices: sorted.map(({ id, verdict }) => ({
      key: id, name: nameOf(id, nodes[id]), icon: kindOf(nodes[id]), css: `kind-${kindOf(nodes[id])}`, side: id, isOff: !verdict.ok && !verdict.wayOut,
      ...(verdict.ok ? {} : { why: `${say(verdict.reason)}${verdict.wayOut ? ` ${word("connect.instead", say(verdict.wayOut.title))}` : ""}` }),
      choose: () => {
        if (verdict.ok || !verdict.wayOut) tryWire(editor, { node: popup.node, on, to: id }, { x: popup.x, y: popup.y });
        else editor.act(verdict.wayOut.edit);
      },
    })),
  });
}

/** @param {import("../contract.js").Verdict} verdict */
function rank(verdict) {
  return verdict.ok ? 0 : verdict.wayOut ? 1 : 2;
}

/** @param {{ popup: any, onClose: () => void }} props */
function RefusalBox({ popup, onClose }) {
  const editor = useEditor();
  return h(Floating, { x: popup.x, y: popup.y, className: "refusal", label: word("refusal"), role: "alertdialog", onClose, children: [
    h("p", { key: "why" }, h(Icon, { name: "error" }), h("span", null, say(popup.reason))),
    h(
      "div",
      { key: "acts", className: "row" },
      popup.wayOut ? h("button", { className: "first", onClick: () => { onClose(); editor.act(popup.wayOut.edit); } }, say(popup.wayOut.title)) : null,
      h("button", { className: "edged", onClick: onClose }, word(popup.wayOut ? "cancel" : "understood")),
    ),
  ] });
}

/** @param {{ popup: any, onClose: () => void }} props */
function Menu({ popup, onClose }) {
  const editor = useEditor();
  const { selection } = editor;
  const node = popup.node === null ? undefined : /** @type {any} */ (editor.graph["nodes"])?.[popup.node];
  const item = (/** @type {string} */ action, /** @type {any} */ detail = undefined, key = action) => h("button", { key, role: "menuitem", onClick: () => { onClose(); editor.run(action, detail); } }, word(`action.${action}`), h("kbd", null, keyOf(action)));
  const entries = [];
  if (popup.edge !== null) entries.push(item("insert", popup), item("gate"), item("delete"));
  else if (popup.node !== null && !popup.node.startsWith("$")) {
    if (selection.size <= 1) entries.push(item("add", { from: { node: popup.node }, x: popup.x, y: popup.y }), item("connect"), item("enter", popup.node), item("rename"));
    entries.push(h("hr", { key: "a" }), item("copy"), item("cut"), item("duplicate"), h("hr", { key: "b" }), item("group"));
    if (kindOf(node) === "subgraph" && isObject(node?.inline)) entries.push(item("ungroup"));
    entries.push(h("hr", { key: "c" }), item("delete"));
  } else if (popup.node !== null) entries.push(item("delete"));
  else entries.push(item("add", { x: popup.x, y: popup.y, at: place(editor, popup) }), item("note", place(editor, popup)), item("paste"), h("hr", { key: "a" }), item("all"), item("tidy"), item("fit"));
  return h(Floating, { x: popup.x, y: popup.y, className: "menu", label: word("menu"), role: "menu", onClose, children: h("div", { onKeyDown: moveInMenu, style: { display: "grid" } }, entries) });
}

/**
 * @param {import("./context.js").Editor} editor
 * @param {{ x: number, y: number }} popup
 */
function place(editor, popup) {
  const spot = editor.flow.current?.screenToFlowPosition({ x: popup.x, y: popup.y });
  return spot ? [Math.round(spot.x / 8) * 8, Math.round(spot.y / 8) * 8] : undefined;
}

/** @param {any} event */
function moveInMenu(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  const items = [...event.currentTarget.querySelectorAll("button, a")];
  const now = items.indexOf(document.activeElement);
  items[(now + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length]?.focus();
}

/** @param {{ popup: any, onClose: () => void }} props */
function ExportMenu({ popup, onClose }) {
  const editor = useEditor();
  const { name } = editor.snapshot;
  const entries = /** @type {[string, string][]} */ ([["json", "JSON"], ["svg", "SVG"], ["png", "PNG"], ["pdf", "PDF"], ["dot", "DOT"], ["mmd", "Mermaid"]]);
  return h(Floating, { x: popup.x, y: popup.y, className: "menu", label: word("action.export"), role: "menu", onClose, children: h("div", { onKeyDown: moveInMenu, style: { display: "grid" } },
    entries.map(([ending, word_]) => h("button", { key: ending, role: "menuitem", "data-export": ending, onClick: () => { onClose(); editor.run("download", ending); } }, word_, h("span", { className: "quiet small", style: { marginLeft: "auto" } }, `${name}.${ending}`))),
    h("hr", { key: "rule" }),
    h("button", { key: "import", role: "menuitem", onClick: () => { onClose(); editor.run("import"); } }, word("action.import")),
    h("a", { key: "api", className: "button", role: "menuitem", href: `${ROOT}api/graphs/${name}`, target: "_blank", rel: "noopener" }, word("export.raw"))) });
}

/** Every action and every node by its name. @param {{ onClose: () => void }} props */
function Commands({ onClose }) {
  const editor = useEditor();
  const choices = useMemo(() => {
    const nodes = /** @type {any} */ (isObject(editor.graph["nodes"]) ? editor.graph["nodes"] : {});
    /** @type {import("./picker.js").Choice[]} */
    const all = Object.keys(nodes).map((id) => ({ key: `node:${id}`, name: nameOf(id, nodes[id]), icon: kindOf(nodes[id]), css: `kind-${kindOf(nodes[id])}`, side: word(`kind.${kindOf(nodes[id])}`), also: `${id} ${nodes[id]?.description ?? ""} ${nodes[id]?.tool ?? ""}`, group: word("commands.nodes"), choose: () => editor.run("show", id) }));
    for (const action of ["run", "add", "connect", "tidy", "fit", "undo", "redo", "duplicate", "all", "group", "ungroup", "note", "rename", "delete", "problem", "export", "import", "keys", "json", "outline", "history", "save", "language"]) {
      all.push({ key: action, name: word(`action.${action}`), icon: "right", side: keyOf(action), group: word("commands.actions"), choose: () => editor.run(action) });
    }
    for (const graph of editor.about.graphs) if (graph.name !== editor.snapshot.name) all.push({ key: `graph:${graph.name}`, name: graph.title, icon: "canvas", side: word("commands.open"), also: graph.name, group: word("commands.graphs"), choose: () => { location.href = `${ROOT}graphs/${graph.name}`; } });
    return all;
  }, []);
  return h(Picker, { x: Math.max(12, innerWidth / 2 - 240), y: 64, label: word("find"), placeholder: word("commands.placeholder"), className: "wide", choices, onClose });
}

/** @param {{ onClose: () => void }} props */
function KeySheet({ onClose }) {
  const [areOn, setOn] = useState(localStorage.getItem(SWITCH) !== "off");
  const groups = /** @type {const} */ (["draw", "move", "edit", "see", "all"]);
  return h(
    Dialog,
    { title: word("keys.title"), onClose, children: [
      h("label", { key: "switch", style: { display: "flex", gap: 12, alignItems: "center" } }, h("input", { type: "checkbox", role: "switch", checked: areOn, onChange: (/** @type {any} */ event) => {
        setOn(event.target.checked);
        localStorage.setItem(SWITCH, event.target.checked ? "on" : "off");
      } }), word("keys.singles")),
      h("div", { key: "sheet", className: "sheet" }, groups.map((group) => h("section", { key: group }, h("h3", null, word(`keys.${group}`)), h("dl", null, listed(group).flatMap(({ said, keys }) => [h("dt", { key: said }, said), h("dd", { key: `${said}k` }, keys.map((key, index) => h("kbd", { key, style: { marginLeft: index ? 4 : 0 } }, printed(key))))]))))),
    ] },
  );
}

/**
 * The bindings of a group, those of one action in one line.
 * @param {string} group
 */
function listed(group) {
  /** @type {Map<string, string[]>} */
  const lines = new Map();
  for (const binding of KEYS) {
    if (binding.group !== group) continue;
    const isBig = binding.keys[0]?.startsWith("Alt+Shift");
    const said = word(isBig ? "keys.nudge_far" : typeof binding.detail === "string" && ["zoom", "fit"].includes(binding.action) ? `action.${binding.action}.${binding.detail}` : binding.detail === -1 && binding.action !== "walk" ? `action.${binding.action}.back` : `action.${binding.action}`);
    lines.set(said, [...(lines.get(said) ?? []), ...binding.keys]);
  }
  // The four arrows are one sign.
  return [...lines].map(([said, keys]) => ({ said, keys: keys.length === 4 && keys.every((key) => key.includes("Arrow")) ? [`${(keys[0] ?? "").replace(/Arrow.*$/, "")}← → ↑ ↓`] : keys }));
}

/** @param {{ title: string, label: string, start: string, onClose: () => void, onName: (name: string) => void }} props */
function NameBox({ title, label, start, onClose, onName }) {
  const [name, setName] = useState(start);
  return h(
    Dialog,
    {
      title, onClose, width: 400,
      children: h("form", { id: "name-box", onSubmit: (/** @type {any} */ event) => { event.preventDefault(); onClose(); onName(name.trim()); } }, h("div", { className: "field" }, h("label", { htmlFor: "name-box-name" }, label), h("input", { id: "name-box-name", autoFocus: true, autoComplete: "off", maxLength: 500, value: name, onFocus: (/** @type {any} */ event) => event.target.select(), onChange: (/** @type {any} */ event) => setName(event.target.value) }))),
      footer: [h("button", { key: "no", className: "edged", onClick: onClose }, word("cancel")), h("button", { key: "yes", className: "first", type: "submit", form: "name-box" }, word("done"))],
    },
  );
}

/** Work that was found on this machine and made on an older version. */
export function Leftover() {
  const editor = useEditor();
  const { leftover } = editor.snapshot;
  if (!leftover) return null;
  return h("div", { className: "toast", role: "status" }, h("span", null, word("leftover", String(leftover.edits), moment(leftover.at))), h("button", { onClick: () => editor.setUi({ popup: { type: "leftover" } }) }, word("leftover.take")), h("button", { onClick: () => editor.store.dropLeftover() }, word("leftover.drop")));
}
