// One node on the canvas: the shape of its kind, a 3 px edge of its ink, its name, and its ports.
// Rule: a node is drawn from its own part of the document alone, so that it is drawn again only when that part changes.
import { Handle, Position, h, memo, useStore } from "../../vendor/flow.js";
import { word } from "../words.js";
import { useEditor } from "./context.js";
import { Icon } from "./icons.js";
import { detailOf, kindOf, markOf, nameOf, portName } from "./look.js";
import { shapeOf } from "./shapes.js";
/** @import { Node, NodeProps } from "../../vendor/flow.js" */

/** Below this zoom a node is a box: its words could not be read anyway. */
export const FAR = 0.35;

/**
 * @typedef {object} Spot a port and where it is, px from the node's upper left
 * @property {string} port "" is the way in
 * @property {number} x
 * @property {number} y
 * @property {"left" | "right" | "top" | "bottom"} side
 */
/**
 * @typedef {object} CardData
 * @property {any} node
 * @property {number} waysIn
 * @property {string} used the ports that have a wire, joined by a space
 * @property {"error" | "warning" | ""} worst
 * @property {boolean} isPinned an output stands for its work in the runs that are started here
 * @property {string} difference added, removed or changed, in a comparison
 * @property {Spot[]} spots
 */
/** @typedef {Node<CardData & Record<string, unknown>, "card">} CardNode */

const SIDES = { left: Position.Left, right: Position.Right, top: Position.Top, bottom: Position.Bottom };

/** @param {NodeProps<CardNode>} props */
function CardOf({ id, data, width = 200, height = 64, selected }) {
  const { node, spots } = data;
  const isFar = useStore((view) => view.transform[2] < FAR);
  const kind = kindOf(node);
  // Drawn with all others in one picture; this is where a hand takes hold of it.
  if (isFar) return h("div", { className: "node-far", title: nameOf(id, node) });
  const used = new Set(data.used.split(" "));
  const ports = spots.map((spot) =>
    h(Handle, {
      key: spot.port,
      type: spot.port === "" ? "target" : "source",
      id: spot.port === "" ? "in" : spot.port,
      position: SIDES[spot.side],
      className: spot.port !== "" && !used.has(spot.port) && spot.side !== "bottom" ? "" : spot.port === "repeat" && !used.has("repeat") ? "" : "idle",
      style: { left: spot.x, top: spot.y, right: "auto", bottom: "auto", transform: "translate(-50%, -50%)" },
      title: spot.port === "" ? "" : portName(node, spot.port),
      "aria-hidden": true,
    }),
  );
  const shape = shapeOf(kind, width, height);
  const isBroken = kind === "missing";
  return h(
    "div",
    { className: `node kind-${kind} form-${shape.form}${isBroken ? " broken" : ""}${data.difference ? ` ${data.difference}` : ""}` },
    h(
      "svg",
      { className: "shape", width, height, "aria-hidden": true },
      h("path", { className: "halo", d: shape.halo }),
      h("path", { className: shape.form === "bar" ? "bar" : shape.form === "ring" ? "ring" : "body", d: shape.body }),
      shape.strip ? h("path", { className: "strip", d: shape.strip }) : null,
      shape.inner ? h("path", { className: "inner", d: shape.inner }) : null,
    ),
    h(Face, { id, node, kind, form: shape.form, waysIn: data.waysIn }),
    ports,
    h(PortNames, { node, spots, used }),
    data.worst ? h("span", { className: `flag ${data.worst}` }, h(Icon, { name: "error", size: 12 })) : null,
    data.isPinned ? h("span", { className: "pin-sign status-pinned", title: word("pin.sign") }, h(Icon, { name: "status-pinned", size: 12 })) : null,
    data.difference ? h("span", { className: "diff-word" }, word(`diff.${data.difference}`)) : null,
    selected && !data.difference ? h(AddHere, { id, node, spots, used }) : null,
  );
}

export const Card = memo(CardOf);

/** @param {{ id: string, node: any, kind: string, form: string, waysIn: number }} props */
function Face({ id, node, kind, form, waysIn }) {
  const name = nameOf(id, node);
  const mark = markOf(node, waysIn);
  if (form === "box") {
    const detail = kind === "missing" ? word("node.missing", String(node?.kind ?? "?")) : detailOf(node);
    return h("div", { className: "face", title: `${name}\n${detail}` }, h(Icon, { name: kind }), h("span", { className: "name" }, name), detail ? h("span", { className: "detail" }, detail) : null);
  }
  const above = h("div", { className: "above", title: name }, form === "bar" ? h(Icon, { name: kind }) : null, h("span", { className: "name" }, name));
  if (form === "hexagon") return h("div", null, above, h("div", { className: "hex-face" }, h(Icon, { name: kind }), h("span", { className: "mark-text" }, mark)));
  return h("div", null, above, mark ? h("div", { className: "below" }, mark) : null);
}

/** @param {{ node: any, spots: Spot[], used: Set<string> }} props */
function PortNames({ node, spots, used }) {
  const many = spots.filter((spot) => spot.port !== "" && spot.side === "right");
  return many
    .filter((spot) => !used.has(spot.port) && (many.length > 1 || spot.port !== many[0]?.port))
    .map((spot) => h("span", { key: spot.port, className: "edge-name", style: { top: spot.y, left: spot.x + 10 }, "aria-hidden": true }, portName(node, spot.port)));
}

/** The plus at the first port of the selected node that leads nowhere yet. @param {{ id: string, node: any, spots: Spot[], used: Set<string> }} props */
function AddHere({ id, node, spots, used }) {
  const editor = useEditor();
  const first = spots.find((spot) => spot.port !== "" && spot.side === "right" && !used.has(spot.port));
  if (!first) return null;
  return h(
    "button",
    {
      className: "add-here nodrag nopan",
      style: { top: first.y, left: first.x + 16 },
      "aria-label": word("add.after", nameOf(id, node)),
      title: `${word("add.after", nameOf(id, node))} (A)`,
      onClick: (/** @type {any} */ event) => {
        event.stopPropagation();
        const box = event.currentTarget.getBoundingClientRect();
        editor.setUi({ popup: { type: "add", x: box.right + 8, y: box.top - 12, from: { node: id, on: first.port } } });
      },
    },
    h(Icon, { name: "plus", size: 12 }),
  );
}

/**
 * What a screen reader says of a node: kind, name, place in the order, where from and where to, how many problems.
 * @param {string} id
 * @param {any} node
 * @param {{ place: number, count: number, from: string[], to: string[], problems: number, isPinned: boolean }} where
 */
export function spoken(id, node, where) {
  const parts = [`${word(`kind.${kindOf(node)}`)} ${nameOf(id, node)}`, word("node.place", String(where.place), String(where.count))];
  if (where.from.length) parts.push(word("node.from", where.from.join(", ")));
  if (where.to.length) parts.push(word("node.to", where.to.join(", ")));
  if (where.isPinned) parts.push(word("pin.sign"));
  if (where.problems) parts.push(word(where.problems === 1 ? "problems.one" : "problems.many", String(where.problems)));
  return parts.join(", ");
}
