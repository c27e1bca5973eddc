// The outline: every node in topological order as an accessible list, with all that the canvas can do.
// Rule: it is the same selection and the same edits as on the canvas; under 600 px it is all there is.
import { h, useMemo } from "../../vendor/flow.js";
import { outlineOf } from "../document/order.js";
import { word } from "../words.js";
import { isObject, useEditor, usePinned } from "./context.js";
import { Icon } from "./icons.js";
import { kindOf, nameOf, waysOf, wireWords } from "./look.js";
import { spokenWire } from "./wires.js";

export function Outline() {
  const editor = useEditor();
  const { graph } = editor;
  const nodes = /** @type {any} */ (isObject(graph["nodes"]) ? graph["nodes"] : {});
  const order = useMemo(() => outlineOf(graph), [graph["nodes"]]);
  const pinned = usePinned();
  const selected = [...editor.selection];
  const hasOne = selected.length === 1 && selected[0] !== undefined && selected[0] in nodes;
  return h(
    "div",
    { className: "scroll", "data-keys": "outline" },
    h(
      "div",
      { className: "outline-bar", role: "toolbar", "aria-label": word("outline.bar") },
      h("button", { className: "edged", onClick: (/** @type {any} */ event) => openAdd(editor, event.currentTarget, hasOne ? selected[0] : undefined) }, h(Icon, { name: "plus" }), word("add")),
      h("button", { className: "edged", disabled: !hasOne, onClick: () => editor.run("connect") }, h(Icon, { name: "wire" }), word("connect")),
      h("button", { className: "icon-only danger", disabled: selected.length === 0, "aria-label": word("delete"), title: word("delete"), onClick: () => editor.run("delete") }, h(Icon, { name: "trash" })),
    ),
    order.length === 0
      ? h("p", { className: "quiet", style: { padding: 16 } }, word("outline.empty"))
      : h("ol", { className: "outline", "aria-label": word("outline") }, order.map(({ id, depth }) => h(Item, { key: id, id, depth, nodes, isPinned: pinned.has(id) }))),
  );
}

/** @param {{ id: string, depth: number, nodes: any, isPinned: boolean }} props */
function Item({ id, depth, nodes, isPinned }) {
  const editor = useEditor();
  const node = nodes[id];
  const isSelected = editor.selection.has(id);
  const place = `${editor.ui.scope.map((part) => `/${part}`).join("")}/nodes/${id}`;
  const found = editor.snapshot.findings.filter((one) => one.place === place || one.place.startsWith(`${place}/`));
  const ways = waysOf(node);
  return h(
    "li",
    { style: { marginInlineStart: Math.min(depth, 4) * 12 } },
    h(
      "button",
      {
        className: `item kind-${kindOf(node)}`,
        "data-node": id,
        "aria-current": isSelected ? "true" : undefined,
        onClick: (/** @type {any} */ event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) {
            const all = new Set(editor.selection);
            if (all.has(id)) all.delete(id);
            else all.add(id);
            editor.select(all);
          } else editor.select([id]);
          editor.setUi({ edge: null, isInspectorOpen: true });
        },
        onDoubleClick: () => editor.run("enter", id),
      },
      h(Icon, { name: kindOf(node) }),
      h("span", { className: "label" }, nameOf(id, node)),
      h("span", { className: "unseen" }, word(`kind.${kindOf(node)}`)),
      isPinned ? h("span", { className: "pin-word status-pinned" }, h(Icon, { name: "status-pinned" }), h("span", { className: "unseen" }, word("pin.sign"))) : null,
      found.length ? h("span", { className: `flag-word ${found.some((one) => one.severity === "error") ? "" : "warning"}` }, h(Icon, { name: "error" }), h("span", { className: "unseen" }, word("problems.many", String(found.length)))) : null,
    ),
    ways.length
      ? h("ul", { className: "ways" }, ways.map((edge, index) => h("li", { key: index, className: "ellipsis" }, h("span", { "aria-hidden": true }, "→ "), h("span", { className: "unseen" }, `${spokenWire("", nameOf(String(edge?.node), nodes[edge?.node]), "")} `), nameOf(String(edge?.node), nodes[edge?.node]), wireWords(node, index) ? h("span", null, ` · ${wireWords(node, index)}`) : null)))
      : null,
  );
}

/**
 * @param {import("./context.js").Editor} editor
 * @param {HTMLElement} button
 * @param {string} [from]
 */
function openAdd(editor, button, from) {
  const box = button.getBoundingClientRect();
  editor.setUi({ popup: { type: "add", x: box.left, y: box.bottom + 4, ...(from ? { from: { node: from } } : {}) } });
}
