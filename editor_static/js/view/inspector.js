// The inspector: the form of what is selected: a node, a wire, several nodes, or nothing, which is the graph itself; below
// a node's form stands what the last run put through it.
// Rule: the fields come from the JSON Schema of the document, so that no field of it can be missing here.
import { h, useEffect, useRef } from "../../vendor/flow.js";
import { EXECUTING_FIELDS, FIELDS, OWN_FIELDS } from "../document/tables.js";
import { align, disconnect, reconnect, setField } from "../document/edits.js";
import { word } from "../words.js";
import { placeOf } from "./canvas.js";
import { at, isObject, pointerOf, useEditor } from "./context.js";
import { Finding } from "./finding.js";
import { CloseButton } from "./floating.js";
import { Field, FormContext, JsonText } from "./fields.js";
import { Icon } from "./icons.js";
import { Incoming } from "./incoming.js";
import { allPorts, kindOf, nameOf, portName, portOf, waysOf } from "./look.js";
import { Through } from "./through.js";
/** @import { Path } from "../contract.js" */

/** Fields that stand first, for each kind; the others are in groups. */
const SECOND = new Set(["attachments", "max_iterations", "limits", "settings", "plan", "reflect", "assignees", "reminder_s", "escalate", "prefill", "agents"]);
/** @type {Record<string, string[]>} */
const FIRST_OF = { "loop-back": ["while", "max_iterations", "on_limit"] };

export function Inspector() {
  const editor = useEditor();
  const { graph, ui } = editor;
  const nodes = /** @type {any} */ (isObject(graph["nodes"]) ? graph["nodes"] : {});
  const chosen = [...editor.selection].filter((id) => id in nodes);
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useFieldFocus(ref);
  let content;
  if (ui.edge !== null && isObject(at(graph, ["nodes", placeOf(ui.edge)[0], "to", placeOf(ui.edge)[1]]))) content = h(WireForm, { key: ui.edge, place: placeOf(ui.edge) });
  else if (chosen.length === 1 && chosen[0] !== undefined) content = h(NodeForm, { key: chosen[0], id: chosen[0], node: nodes[chosen[0]] });
  else if (chosen.length > 1) content = h(ManyForm, { ids: chosen });
  else content = h(GraphForm, null);
  return h("aside", { ref, className: `side right${ui.isInspectorOpen ? " open" : ""}`, "aria-label": word("inspector") }, content);
}

/** Focus the field that a problem or a key names. @param {{ current: HTMLElement | null }} ref */
function useFieldFocus(ref) {
  const editor = useEditor();
  const wanted = editor.ui.field;
  useEffect(() => {
    if (wanted === null) return;
    let place = wanted;
    // The nearest field that is there: a finding may be deeper than any field.
    for (;;) {
      const field = ref.current?.querySelector(`[data-place="${CSS.escape(place)}"]`);
      if (field) {
        for (let group = field.closest("details"); group; group = group.parentElement?.closest("details") ?? null) group.open = true;
        const input = /** @type {HTMLElement | null} */ (field.querySelector("input, textarea, select") ?? field.querySelector("button"));
        (input ?? /** @type {HTMLElement} */ (field)).focus();
        field.scrollIntoView({ block: "center" });
        break;
      }
      if (place === "") break;
      place = place.slice(0, place.lastIndexOf("/"));
    }
    editor.setUi({ field: null });
  }, [wanted]);
}

/** @param {{ base: Path, node: string | null, children: any }} props */
function Form({ base, node, children }) {
  const editor = useEditor();
  const prefix = pointerOf(editor.ui.scope);
  const form = {
    root: editor.about.schema,
    base,
    node,
    set: (/** @type {Path} */ path, /** @type {any} */ value, /** @type {boolean} */ typing = false) => editor.act(setField(editor.graph, [...base, ...path], value, typing ? { typing: pointerOf([...base, ...path]) } : undefined)),
    findingsAt: (/** @type {string} */ place) => editor.snapshot.findings.filter((one) => one.place === prefix + place || one.place.startsWith(`${prefix}${place}/`)),
    choices: (/** @type {string} */ name, /** @type {Path} */ path) => choicesOf(editor, name, path, node),
  };
  return h(FormContext.Provider, { value: form }, children);
}

/**
 * What a text field may well be: names that are known.
 * @param {import("./context.js").Editor} editor
 * @param {string} name
 * @param {Path} _path
 * @param {string | null} node
 * @returns {string[]}
 */
function choicesOf(editor, name, _path, node) {
  const { graph, about } = editor;
  const state = isObject(graph["state"]) ? Object.keys(graph["state"]) : [];
  const here = node === null ? undefined : at(graph, ["nodes", node]);
  switch (name) {
    case "output_key":
    case "save.key":
      return state;
    case "tool":
    case "tools":
      return [...about.tools.map((tool) => tool.name), ...(isObject(here) && isObject(here["agents"]) ? Object.keys(here["agents"]).map((one) => `agent:${one}`) : [])];
    case "args.key": {
      const tool = about.tools.find((one) => one.name === /** @type {any} */ (here)?.tool);
      const other = about.graphs.find((one) => one.name === /** @type {any} */ (here)?.graph);
      return Object.keys((tool?.input_schema ?? tool?.parameters ?? tool?.arguments ?? other?.input)?.properties ?? {});
    }
    case "graph":
      return about.graphs.map((one) => one.name).filter((one) => one !== graph["name"]);
    case "default":
      return isObject(here) && here["kind"] === "human-gate" ? allPorts(here).filter((port) => !["expired", "error"].includes(port)) : [];
    case "model":
      return about.models.map((one) => (typeof one === "string" ? one : `${one.name ?? one.prefix ?? ""}:`));
    case "retry.on":
    case "on.item":
      return ["transient", "tool", "model", "logic", "limit"];
    default:
      return [];
  }
}

/** @param {{ icon: string, css?: string, title: any, id?: string, acts?: any }} props */
function Head({ icon, css = "", title, id, acts }) {
  const editor = useEditor();
  return h(
    "div",
    { className: `inspector-head ${css}` },
    h("div", { className: "row" }, h(Icon, { name: icon }), h("h2", { className: "ellipsis" }, title), acts, h("span", { className: "only-narrow" }, h(CloseButton, { onClose: () => editor.setUi({ isInspectorOpen: false }) }))),
    id ? h("div", { className: "row id small" }, h("span", { className: "mono ellipsis" }, id)) : null,
  );
}

/** @param {{ id: string, node: any }} props */
function NodeForm({ id, node }) {
  const editor = useEditor();
  const kind = kindOf(node);
  const schema = kindSchema(editor.about.schema, kind);
  const acts = [
    kind === "subgraph" ? h("button", { key: "enter", className: "edged", onClick: () => editor.run("enter", id) }, word("subgraph.open")) : null,
    h("button", { key: "copy", className: "icon-only", "aria-label": word("action.duplicate"), title: word("action.duplicate"), onClick: () => editor.run("duplicate") }, h(Icon, { name: "duplicate" })),
    h("button", { key: "gone", className: "icon-only danger", "aria-label": word("delete"), title: word("delete"), onClick: () => editor.run("delete") }, h(Icon, { name: "trash" })),
  ];
  if (!schema) {
    return h(
      "div",
      { className: "scroll" },
      h(Head, { icon: "missing", css: "kind-missing", title: nameOf(id, node), id, acts }),
      h("div", { className: "form" }, h("p", null, word("node.broken")), h(JsonText, { value: node, "aria-label": word("json"), onValue: (value) => editor.act(setField(editor.graph, ["nodes", id], value)) })),
    );
  }
  const own = FIRST_OF[kind] ?? (OWN_FIELDS[kind] ?? []).filter((name) => !SECOND.has(name) && name !== "inline");
  const more = [...(OWN_FIELDS[kind] ?? []).filter((name) => SECOND.has(name) && !own.includes(name)), "description"];
  const executing = (FIELDS[kind] ?? []).filter((name) => EXECUTING_FIELDS.includes(name) && !(OWN_FIELDS[kind] ?? []).includes(name));
  const strange = Object.keys(node).filter((name) => !(name in schema.properties));
  const field = (/** @type {string} */ name) => h(Field, { key: name, name, schema: schema.properties[name], value: node[name], path: [name], isRequired: (schema.required ?? []).includes(name) });
  return h(
    Form,
    { base: ["nodes", id], node: id, children: [h(
      "div",
      { key: "form", className: "scroll" },
      h(Head, { icon: kind, css: `kind-${kind}`, title: word(`kind.${kind}`), id, acts }),
      h(
        "div",
        { className: "form" },
        h(NameField, { id, node }),
        own.map(field),
        h(Ways, { id, node }),
        h(Incoming, { id }),
        h(Group, { key: "data", title: word("group.data"), names: ["output_key", "save"], node, children: [field("output_key"), field("save")] }),
        executing.length ? h(Group, { key: "run", title: word("group.run"), names: [...executing, "lock"], node, children: [...executing, "lock"].map(field) }) : null,
        h(Group, { key: "more", title: word("group.more"), names: executing.length ? more : [...more, "lock"], node, children: (executing.length ? more : [...more, "lock"]).map(field) }),
        strange.length ? h("div", { className: "field", "data-place": pointerOf(["nodes", id]) }, h("span", { className: "label" }, word("field.unknown")), strange.map((name) => h(Strange, { key: name, name, place: ["nodes", id, name], value: node[name] }))) : null,
        h(OwnFindings, { place: pointerOf(["nodes", id]) }),
      ),
    ), h(Through, { key: "through", id })] },
  );
}

/** A field that the kind does not have: shown, never dropped. @param {{ name: string, place: Path, value: any }} props */
function Strange({ name, place, value }) {
  const editor = useEditor();
  return h("div", { className: "rows" }, h("div", { className: "entry" }, h("code", null, `${name}: ${JSON.stringify(value).slice(0, 80)}`), h("button", { className: "icon-only", "aria-label": word("row.remove", name), onClick: () => editor.act(setField(editor.graph, place, undefined)) }, h(Icon, { name: "close", size: 12 }))));
}

/** Findings that belong to the thing itself and to none of its fields. @param {{ place: string }} props */
function OwnFindings({ place }) {
  const editor = useEditor();
  const whole = pointerOf(editor.ui.scope) + place;
  const found = editor.snapshot.findings.filter((one) => one.place === whole);
  return found.length ? h("div", { className: "rows" }, found.map((one, index) => h(Finding, { key: index, finding: one }))) : null;
}

/** @param {{ id: string, node: any }} props */
function NameField({ id, node }) {
  const editor = useEditor();
  return h(
    "div",
    { className: "field", "data-place": pointerOf(["nodes", id, "label"]) },
    h("label", { htmlFor: "node-name" }, word("field.label")),
    h("input", { id: "node-name", type: "text", autoComplete: "off", value: typeof node.label === "string" ? node.label : "", placeholder: id, maxLength: 500, onChange: (/** @type {any} */ event) => editor.act(setField(editor.graph, ["nodes", id, "label"], event.target.value || undefined, { typing: true })) }),
  );
}

/** @param {{ title: string, names: string[], node: any, children: any }} props */
function Group({ title, names, node, children }) {
  const set = names.filter((name) => node[name] !== undefined);
  return h(
    "details",
    { className: "group" },
    h("summary", null, h(Icon, { name: "right" }), title, set.length ? h("span", { className: "quiet small" }, set.map((name) => word(`field.${name}`, name)).join(", ")) : null),
    h("div", { className: "inside" }, children),
  );
}

/** The wires that leave a node: each with its port, its target, its condition. @param {{ id: string, node: any }} props */
function Ways({ id, node }) {
  const editor = useEditor();
  const ways = waysOf(node);
  const nodes = /** @type {any} */ (editor.graph["nodes"]);
  if (kindOf(node) === "end") return null;
  return h(
    "div",
    { className: "field", role: "group", "aria-label": word("ways") },
    h("div", { className: "label-row" }, h("span", { className: "label" }, word("ways"))),
    ways.length
      ? h(
          "ul",
          { className: "wires-list" },
          ways.map((edge, index) =>
            h(
              "li",
              { key: index },
              h(
                "div",
                { className: "way" },
                h("span", { className: "chip" }, portName(node, portOf(node, edge))),
                h(Icon, { name: "right", size: 12 }),
                h("button", { className: "ellipsis", onClick: () => { editor.select([]); editor.setUi({ edge: `${id}:${index}` }); } }, nameOf(String(edge?.node), nodes?.[edge?.node]), edge?.when ? h("code", { className: "quiet" }, ` ${edge.when}`) : null),
                h("span", { className: "grow" }),
                ways.length > 1 && index > 0 ? h("button", { className: "icon-only", "aria-label": word("way.up"), title: word("way.up"), onClick: () => editor.act(swapped(editor.graph, id, index)) }, h(Icon, { name: "up", size: 12 })) : null,
                h("button", { className: "icon-only", "aria-label": word("row.remove", word("way")), title: word("action.disconnect"), onClick: () => editor.act(disconnect(editor.graph, [{ node: id, index }])) }, h(Icon, { name: "close", size: 12 })),
              ),
            ),
          ),
        )
      : h("p", { className: "help" }, word("ways.none")),
    h("button", { className: "more", style: { justifySelf: "start", color: "var(--accent)", padding: "0 6px", marginLeft: -6 }, onClick: () => editor.run("connect") }, h(Icon, { name: "plus", size: 12 }), word("connect")),
  );
}

/**
 * The same edges with one before its neighbour: the order in which they are tried.
 * @param {any} graph
 * @param {string} id
 * @param {number} index
 */
function swapped(graph, id, index) {
  const ways = waysOf(at(graph, ["nodes", id]));
  /** @type {import("../contract.js").Edit} */
  const edit = { title: ["edit.order"], changes: [{ op: "splice", path: ["nodes", id, "to"], index: index - 1, drop: 2, items: [ways[index], ways[index - 1]] }] };
  return edit;
}

/** @param {{ place: [string, number] }} props */
function WireForm({ place: [id, index] }) {
  const editor = useEditor();
  const { graph } = editor;
  const nodes = /** @type {any} */ (graph["nodes"]);
  const node = nodes[id];
  const edge = waysOf(node)[index];
  const path = ["nodes", id, "to", index];
  const schema = editor.about.schema.$defs.Edge.properties;
  return h(
    Form,
    { base: path, node: id, children: h(
      "div",
      { className: "scroll" },
      h(Head, { icon: "wire", title: word("wire.plain", nameOf(id, node), nameOf(edge.node, nodes[edge.node])), acts: h("button", { className: "icon-only danger", "aria-label": word("delete"), title: word("delete"), onClick: () => editor.run("delete") }, h(Icon, { name: "trash" })) }),
      h(
        "div",
        { className: "form" },
        h("div", { className: "field", "data-place": pointerOf([...path, "on"]) }, h("label", { htmlFor: "wire-port" }, word("field.on")), h("select", { id: "wire-port", value: portOf(node, edge), onChange: (/** @type {any} */ event) => editor.act(setField(graph, [...path, "on"], event.target.value)) }, [...new Set([...allPorts(node), portOf(node, edge)])].map((port) => h("option", { key: port, value: port }, portName(node, port))))),
        h("div", { className: "field", "data-place": pointerOf([...path, "node"]) }, h("label", { htmlFor: "wire-target" }, word("field.node")), h("select", { id: "wire-target", value: edge.node, onChange: (/** @type {any} */ event) => editor.act(reconnect(graph, { node: id, index }, event.target.value)) }, edge.node in nodes ? null : h("option", { value: edge.node }, word("node.absent", edge.node)), Object.keys(nodes).map((one) => h("option", { key: one, value: one }, nameOf(one, nodes[one]))))),
        h(Field, { name: "when", schema: schema.when, value: edge.when, path: ["when"] }),
        h(Field, { name: "edge_label", title: word("field.edge_label"), schema: schema.label, value: edge.label, path: ["label"] }),
        h(OwnFindings, { place: pointerOf(path) }),
      ),
    ) },
  );
}

/** @param {{ ids: string[] }} props */
function ManyForm({ ids }) {
  const editor = useEditor();
  const sides = /** @type {const} */ (["left", "center", "right", "top", "middle", "bottom", "across", "down"]);
  return h(
    "div",
    { className: "scroll" },
    h(Head, { icon: "group", title: word("many", String(ids.length)) }),
    h(
      "div",
      { className: "form" },
      h("div", { className: "field", role: "group", "aria-label": word("align") }, h("span", { className: "label" }, word("align")), h("div", { style: { display: "grid", gridTemplateColumns: "1fr 1fr 1fr", gap: 4 } }, sides.map((side) => h("button", { key: side, className: "edged", style: { fontWeight: 400 }, onClick: () => editor.act(align(editor.graph, ids, side)) }, word(`align.${side}`))))),
      h("button", { className: "edged", onClick: () => editor.run("group") }, h(Icon, { name: "group" }), word("action.group")),
      h("button", { className: "edged", onClick: () => editor.run("duplicate") }, h(Icon, { name: "duplicate" }), word("action.duplicate")),
      h("button", { className: "edged danger", onClick: () => editor.run("delete") }, h(Icon, { name: "trash" }), word("delete")),
    ),
  );
}

function GraphForm() {
  const editor = useEditor();
  const { graph } = editor;
  const schema = editor.about.schema.properties;
  const field = (/** @type {string} */ name) => h(Field, { key: name, name, schema: schema[name], value: graph[name], path: [name] });
  return h(
    Form,
    { base: [], node: null, children: h(
      "div",
      { className: "scroll" },
      h(Head, { icon: "canvas", title: word("graph"), id: String(graph["name"] ?? "") }),
      h("div", { className: "form" }, field("title"), field("description"), field("input"), field("state"), field("output"), field("limits"), field("on_failure"), h(OwnFindings, { place: "" })),
    ) },
  );
}

/**
 * @param {any} root
 * @param {string} kind
 */
function kindSchema(root, kind) {
  return Object.values(root.$defs).find((one) => /** @type {any} */ (one).properties?.kind?.const === kind && /** @type {any} */ (one).properties?.to) ?? null;
}

