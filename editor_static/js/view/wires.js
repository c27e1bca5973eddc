// The wires: level lines with round corners that keep out of the nodes' way, words on them; a loop's way back goes around.
// Rule: a wire is routed again only when its ends or the boxes have moved.
import { BaseEdge, EdgeLabelRenderer, createContext, h, memo, useContext, useMemo, useStore } from "../../vendor/flow.js";
import { word } from "../words.js";
import { Boxes, headPath, loopCorners, roundedPath, wireCorners, wordsPlace } from "./route.js";
/** @import { ConnectionLineComponentProps, Edge, EdgeProps } from "../../vendor/flow.js" */
/** @import { Box } from "./route.js" */

/** Half of a port's target: React Flow counts a wire's end from the rim of it. */
export const PORT_REACH = 12;

/**
 * @typedef {object} WireData
 * @property {string} words
 * @property {"plain" | "repeat" | "transfer"} manner
 * @property {boolean} isBroken its target or its port is not there
 * @property {string} difference
 * @property {boolean} isOneOfSeveral others leave by the same port
 * @property {number | null} leavesAt the height at which it leaves a bar, px below its middle
 * @property {number | null} entersAt the same at the bar that it leads to
 */
/** @typedef {Edge<WireData & Record<string, unknown>, "wire">} WireEdge */

export const BoxesContext = createContext(new Boxes([]));

/** @param {EdgeProps<WireEdge>} props */
function WireOf({ id, source, target, sourceX, sourceY, targetX, targetY, data, selected }) {
  const boxes = useContext(BoxesContext);
  const manner = data?.manner ?? "plain";
  const ends = useStore((view) => (manner === "repeat" ? endsOf(view.nodeLookup, source, target) : ""));
  const isOneOfSeveral = data?.isOneOfSeveral ?? false;
  const leavesAt = data?.leavesAt ?? 0;
  const entersAt = data?.entersAt ?? 0;
  const route = useMemo(() => {
    const loop = ends === "" ? null : JSON.parse(ends);
    const corners = loop ? loopCorners(loop[0], loop[1], boxes) : wireCorners([sourceX - PORT_REACH, sourceY + leavesAt], [targetX + PORT_REACH, targetY + entersAt], boxes, isOneOfSeveral);
    return { line: roundedPath(corners, manner === "repeat" ? 0 : 7), head: headPath(corners), place: wordsPlace(corners, isOneOfSeveral) };
  }, [ends, sourceX, sourceY, targetX, targetY, boxes, manner, isOneOfSeveral, leavesAt, entersAt]);
  const words = data?.words ?? "";
  const css = ["wire", manner === "plain" ? "" : "dashed", data?.isBroken ? "broken" : "", data?.difference ?? ""].filter(Boolean).join(" ");
  const { x, y, room } = route.place;
  return h(
    "g",
    { "data-wire": id },
    h(BaseEdge, { id, path: route.line, className: css, interactionWidth: 20 }),
    h("path", { className: manner === "repeat" ? "wire-head open" : "wire-head", d: manner === "repeat" ? route.head : `${route.head}Z` }),
    words
      ? h(EdgeLabelRenderer, null, h("div", { className: `wire-words nodrag nopan${selected ? " selected" : ""}`, title: words, "data-words": id, style: { transform: `translate(-50%, -50%) translate(${x}px, ${y}px)`, maxWidth: Math.min(176, Math.max(56, room)) } }, words))
      : null,
  );
}

export const Wire = memo(WireOf);

/**
 * Both ends' boxes as text, so that a change of anything else draws nothing again.
 * @param {Map<string, any>} nodes
 * @param {string} source
 * @param {string} target
 */
function endsOf(nodes, source, target) {
  const boxes = [source, target].map((id) => {
    const node = nodes.get(id);
    if (!node) return null;
    const { x, y } = node.internals.positionAbsolute;
    return { x, y, width: node.measured.width ?? 0, height: node.measured.height ?? 0 };
  });
  return boxes.includes(null) ? "" : JSON.stringify(boxes);
}

/** The wire that is being drawn. @param {ConnectionLineComponentProps} props */
export function DrawnWire({ fromX, fromY, toX, toY, fromPosition, connectionStatus }) {
  const isBack = fromPosition === "left";
  const start = fromX;
  const pull = Math.max(24, Math.abs(toX - start) / 2) * (isBack ? -1 : 1);
  const css = connectionStatus === "invalid" ? "wire broken" : "wire added";
  return h("path", { className: css, d: `M${start} ${fromY}C${start + pull} ${fromY} ${toX - pull} ${toY} ${toX} ${toY}` });
}

/**
 * A wire in words, for lists and a screen reader.
 * @param {string} from
 * @param {string} to
 * @param {string} words
 */
export function spokenWire(from, to, words) {
  return words ? word("wire.with", from, to, words) : word("wire.plain", from, to);
}
/** @typedef {Box} WireBox */
