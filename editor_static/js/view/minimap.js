// The small map: the whole graph in a corner, and where one looks. Rule: what it draws is made with the document alone, a
// path for each kind; a move of the view changes one path. Dragging on it moves the view, the wheel zooms.
import { Panel, h, memo, useEffect, useMemo, useRef, useStore, useStoreApi } from "../../vendor/flow.js";
import { bounds } from "../document/geometry.js";
import { word } from "../words.js";
import { kindOf } from "./look.js";
import { roundedBox } from "./shapes.js";
/** @import { Scene } from "./scene.js" */
/** @import { Box } from "./route.js" */

const WIDTH = 168;
const HEIGHT = 104;
const MARGIN = 5;

/** @param {{ scene: Scene }} props */
function MapOf({ scene }) {
  const store = useStoreApi();
  const svg = useRef(/** @type {SVGSVGElement | null} */ (null));
  const seen = useStore((view) => [-view.transform[0], -view.transform[1], view.width, view.height].map((px) => px / view.transform[2]).join(" "));
  const all = useMemo(() => bounds([...scene.places.values()]), [scene.places]);
  const kinds = useMemo(() => kindPaths(scene), [scene]);
  const view = boxOf(seen);
  const frame = bounds(view.width > 0 ? [all, view] : [all]);
  const scale = Math.max(frame.width / WIDTH, frame.height / HEIGHT) || 1;
  const [width, height] = [(WIDTH + 2 * MARGIN) * scale, (HEIGHT + 2 * MARGIN) * scale];
  const [x, y] = [frame.x + frame.width / 2 - width / 2, frame.y + frame.height / 2 - height / 2];
  const latest = useRef(scale);
  latest.current = scale;

  useEffect(() => {
    const { current: element } = svg;
    return element ? listen(element, store, latest) : undefined;
  }, [store]);

  return h(
    Panel,
    { position: "bottom-right", className: "react-flow__minimap" },
    h(
      "svg",
      { ref: svg, className: "react-flow__minimap-svg", width: WIDTH, height: HEIGHT, viewBox: `${x} ${y} ${width} ${height}`, role: "img", "aria-label": word("minimap") },
      kinds.map(([kind, d]) => h("path", { key: kind, className: `minimap-node kind-${kind}`, d })),
      h("path", { className: "react-flow__minimap-mask", d: `M${x} ${y}h${width}v${height}h${-width}ZM${view.x} ${view.y}h${view.width}v${view.height}h${-view.width}Z`, fillRule: "evenodd", pointerEvents: "none" }),
    ),
  );
}

export const SmallMap = memo(MapOf);

/** @param {Scene} scene @returns {[string, string][]} kind and path */
function kindPaths({ nodes, places }) {
  /** @type {Map<string, string>} */
  const paths = new Map();
  for (const [id, box] of places) {
    const kind = kindOf(nodes?.[id]);
    paths.set(kind, (paths.get(kind) ?? "") + roundedBox(box.x, box.y, box.width, box.height, 8));
  }
  return [...paths];
}

/** @param {string} seen @returns {Box} */
function boxOf(seen) {
  const [x, y, width, height] = /** @type {[number, number, number, number]} */ (seen.split(" ").map(Number));
  return { x, y, width, height };
}

/**
 * @param {SVGSVGElement} element
 * @param {ReturnType<typeof useStoreApi>} store
 * @param {{ current: number }} scale px of the graph for one of the map
 */
function listen(element, store, scale) {
  let last = { x: 0, y: 0 };
  /** @param {PointerEvent} event */
  const move = (event) => {
    if (!element.hasPointerCapture(event.pointerId)) return;
    const { transform, panBy } = store.getState();
    const by = -scale.current * transform[2];
    void panBy({ x: (event.clientX - last.x) * by, y: (event.clientY - last.y) * by });
    last = { x: event.clientX, y: event.clientY };
  };
  /** @param {PointerEvent} event */
  const down = (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    last = { x: event.clientX, y: event.clientY };
  };
  /** @param {WheelEvent} event */
  const wheel = (event) => {
    event.preventDefault();
    const { transform, panZoom } = store.getState();
    const step = event.deltaMode === 1 ? 0.05 : event.deltaMode ? 1 : 0.002;
    void panZoom?.scaleTo(transform[2] * 2 ** (-event.deltaY * step * (event.ctrlKey ? 10 : 1)));
  };
  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("wheel", wheel, { passive: false });
  return () => {
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointermove", move);
    element.removeEventListener("wheel", wheel);
  };
}
