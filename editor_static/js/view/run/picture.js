// The live picture of a run: laid out by the server, painted here. Rule: one tab stop; arrows walk along the wires, Enter
// opens a node; zoom and scroll are the browser's own, so that keyboard, wheel and touch all work.
import { h, useCallback, useEffect, useLayoutEffect, useRef, useState } from "../../../vendor/flow.js";
import { Icon } from "../icons.js";
import { word } from "./speech.js";
import { cropped, loadPicture, rebuilt } from "./svg.js";
import { Painter } from "./painter.js";

/** @import { Plan } from "../../live/plan.js" */
/** @import { Shown } from "../../live/run.js" */

const MARGIN_PX = 24;
/** Below this zoom words could not be read: the picture tells states by signs and colours alone. */
const FAR = 0.35;
const ZOOMS = [0.1, 0.15, 0.25, 0.35, 0.5, 0.65, 0.8, 1, 1.25, 1.5, 2, 3];

/**
 * @param {object} props
 * @param {string} props.path below the root: where the live drawing is
 * @param {string} props.inside path of the sub-flow node whose graph is shown, "" for the run's own
 * @param {Plan} props.plan
 * @param {Shown} props.shown
 * @param {number} props.now ms since 1970
 * @param {string | null} props.selected node path
 * @param {(path: string | null) => void} props.onSelect
 * @param {(path: string) => void} props.onEnter a sub-flow is to be opened
 */
export function RunPicture({ path, inside, plan, shown, now, selected, onSelect, onEnter }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const painter = useRef(/** @type {Painter | null} */ (null));
  const [size, setSize] = useState(/** @type {{width: number, height: number} | null} */ (null));
  const [zoom, setZoom] = useState(/** @type {number | null} */ (null));
  const [problem, setProblem] = useState("");

  useEffect(() => {
    let isGone = false;
    painter.current?.stop();
    painter.current = null;
    setSize(null);
    setProblem("");
    setZoom(null);
    loadPicture(`${path}&inside=${encodeURIComponent(inside)}`).then(
      (source) => {
        if (isGone || !place.current) return;
        const picture = rebuilt(source);
        place.current.replaceChildren(picture);
        const measured = cropped(picture, MARGIN_PX);
        painter.current = new Painter(picture);
        setSize(measured);
      },
      (error) => !isGone && setProblem(String(error.message)),
    );
    return () => {
      isGone = true;
      painter.current?.stop();
    };
  }, [path, inside]);

  // Before the paint, so that what is told is what is seen.
  useLayoutEffect(() => {
    painter.current?.paint(shown.overview, plan, inside, now);
  }, [shown, now, plan, inside, size]);

  const nodeIn = inside ? (selected?.startsWith(`${inside}/`) ? selected.slice(inside.length + 1) : null) : selected;
  useLayoutEffect(() => {
    painter.current?.select(nodeIn);
    const cards = [...(painter.current?.cards.values() ?? [])];
    const stop = cards.find((card) => card.id === nodeIn) ?? cards[0];
    for (const card of cards) card.group.setAttribute("tabindex", card === stop ? "0" : "-1");
  }, [nodeIn, size]);

  const { fit, whole } = useFit(place, size);
  const scale = zoom ?? fit;
  const isFar = scale < FAR;
  useLayoutEffect(() => painter.current?.look(isFar), [isFar, size]);
  useLayoutEffect(() => {
    const picture = /** @type {SVGSVGElement | null} */ (place.current?.querySelector("svg"));
    if (!picture || !size) return;
    picture.style.width = `${size.width * scale}px`;
    picture.style.height = `${size.height * scale}px`;
    // Lines from afar are as wide as near.
    picture.style.setProperty("--pixel", `${1 / scale}px`);
  }, [scale, size]);
  // What does not fit is looked at where something asks for it, once.
  const isPlaced = useRef(/** @type {object | null} */ (null));
  useLayoutEffect(() => {
    if (!size || isPlaced.current === size || !place.current || shown.length === 0) return;
    isPlaced.current = size;
    lookAt(place.current, place.current.querySelector(".status-asking, .status-failed, .status-running, .status-retrying"));
  }, [size, shown.length === 0]);

  const open = useCallback((/** @type {string} */ id) => onSelect(inside ? `${inside}/${id}` : id), [inside, onSelect]);
  const zoomBy = (/** @type {number} */ by) => setZoom(nextZoom(scale, by));
  useWheel(place, zoomBy);
  useDrag(place);

  /** @param {any} event */
  const idAt = (event) => event.target.closest?.("g.node")?.id.slice(5) ?? null;
  return h(
    "div",
    { className: "run-picture" },
    h("div", {
      className: isFar ? "run-canvas is-far" : "run-canvas", ref: place, role: "group", "aria-label": word("picture.label"),
      onClick: (/** @type {any} */ event) => {
        const id = idAt(event);
        if (id) open(id);
      },
      onDoubleClick: (/** @type {any} */ event) => {
        const id = idAt(event);
        if (id && plan.scope(inside)?.nodes.get(id)?.kind === "subgraph") onEnter(inside ? `${inside}/${id}` : id);
      },
      onKeyDown: (/** @type {any} */ event) => keyed(event, painter.current, plan, inside, open),
    }),
    problem ? h("p", { className: "run-empty", role: "alert" }, word("picture.none", problem)) : null,
    size || problem ? null : h("p", { className: "run-empty" }, word("picture.loading")),
    h(
      "div",
      { className: "run-zoom", role: "group", "aria-label": word("picture.zoom") },
      h("button", { type: "button", className: "icon-button", "aria-label": word("picture.smaller"), onClick: () => zoomBy(-1) }, h(Icon, { name: "minus" })),
      h("button", { type: "button", className: "zoom-word", "aria-label": `${Math.round(scale * 100)} %: ${word("picture.whole")}`, title: word("picture.whole"), onClick: () => setZoom(whole) }, `${Math.round(scale * 100)} %`),
      h("button", { type: "button", className: "icon-button", "aria-label": word("picture.larger"), onClick: () => zoomBy(1) }, h(Icon, { name: "plus" })),
    ),
  );
}

/**
 * Scroll a node into the middle, without moving the page around it.
 * @param {HTMLElement} place
 * @param {Element | null} node
 */
function lookAt(place, node) {
  if (!node) return;
  const box = node.getBoundingClientRect();
  const around = place.getBoundingClientRect();
  place.scrollBy(box.left + box.width / 2 - around.left - around.width / 2, box.top + box.height / 2 - around.top - around.height / 2);
}

/**
 * `whole`: the scale at which all of it is seen, at most full size; `fit`: the one to begin with. Both follow the room.
 * @param {{current: HTMLDivElement | null}} place
 * @param {{width: number, height: number} | null} size
 */
function useFit(place, size) {
  const [scales, setScales] = useState({ fit: 1, whole: 1 });
  useLayoutEffect(() => {
    const element = place.current;
    if (!element || !size) return;
    const measure = () => {
      const wide = element.clientWidth / size.width;
      const high = element.clientHeight / size.height;
      // A phone reads better with some scrolling than with tiny words.
      const least = element.clientWidth < 600 ? 0.6 : 0.1;
      const whole = Math.min(1, wide, high);
      setScales({ fit: Math.min(1, Math.max(least, whole)), whole });
    };
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [place, size]);
  return scales;
}

/**
 * @param {number} scale
 * @param {number} by
 */
function nextZoom(scale, by) {
  const steps = by > 0 ? ZOOMS : [...ZOOMS].reverse();
  return steps.find((step) => (by > 0 ? step > scale * 1.02 : step < scale * 0.98)) ?? scale;
}

/**
 * Ctrl and wheel (and a pinch, which browsers tell as that) zoom; the wheel alone scrolls.
 * @param {{current: HTMLDivElement | null}} place
 * @param {(by: number) => void} zoomBy
 */
function useWheel(place, zoomBy) {
  const act = useRef(zoomBy);
  act.current = zoomBy;
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let turned = 0;
    /** @param {WheelEvent} event */
    const wheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      turned += event.deltaY;
      if (Math.abs(turned) < 40) return;
      act.current(turned < 0 ? 1 : -1);
      turned = 0;
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [place]);
}

/**
 * The mouse drags the picture where there is nothing to click.
 * @param {{current: HTMLDivElement | null}} place
 */
function useDrag(place) {
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    /** @param {PointerEvent} event */
    const down = (event) => {
      if (event.button !== 0 || event.pointerType !== "mouse" || /** @type {Element} */ (event.target).closest("g.node")) return;
      const from = { x: event.clientX + element.scrollLeft, y: event.clientY + element.scrollTop };
      element.setPointerCapture(event.pointerId);
      /** @param {PointerEvent} moved */
      const move = (moved) => element.scrollTo(from.x - moved.clientX, from.y - moved.clientY);
      element.addEventListener("pointermove", move);
      element.addEventListener("pointerup", () => element.removeEventListener("pointermove", move), { once: true });
      element.addEventListener("pointercancel", () => element.removeEventListener("pointermove", move), { once: true });
    };
    element.addEventListener("pointerdown", down);
    return () => element.removeEventListener("pointerdown", down);
  }, [place]);
}

/**
 * @param {any} event
 * @param {Painter | null} painter
 * @param {Plan} plan
 * @param {string} inside
 * @param {(id: string) => void} open
 */
function keyed(event, painter, plan, inside, open) {
  const id = event.target.closest?.("g.node")?.id.slice(5);
  const scope = plan.scope(inside);
  if (!id || !painter || !scope || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    return open(id);
  }
  const to = walked(event.key, id, painter, scope);
  if (!to) return;
  event.preventDefault();
  for (const card of painter.cards.values()) card.group.setAttribute("tabindex", card.id === to ? "0" : "-1");
  painter.cards.get(to)?.group.focus();
}

/**
 * Where an arrow leads: right along the first wire, left against it, up and down among the neighbours of a column; Home
 * and End to the first and last in order.
 * @param {string} key
 * @param {string} id
 * @param {Painter} painter
 * @param {import("../../live/plan.js").Scope} scope
 * @returns {string | null}
 */
function walked(key, id, painter, scope) {
  const known = (/** @type {string | undefined} */ one) => (one !== undefined && painter.cards.has(one) ? one : null);
  switch (key) {
    case "ArrowRight":
      return known(scope.edges.find((edge) => edge.source === id)?.target);
    case "ArrowLeft":
      return known(scope.into.get(id)?.find((edge) => edge.port !== "repeat")?.source);
    case "ArrowDown":
    case "ArrowUp":
      return nearest(id, painter, key === "ArrowDown" ? 1 : -1);
    case "Home":
      return known(scope.order[0]);
    case "End":
      return known(scope.order[scope.order.length - 1]);
    default:
      return null;
  }
}

/**
 * @param {string} id
 * @param {Painter} painter
 * @param {1 | -1} way
 */
function nearest(id, painter, way) {
  const own = painter.cards.get(id)?.group.getBoundingClientRect();
  if (!own) return null;
  let best = null;
  let least = Infinity;
  for (const card of painter.cards.values()) {
    const box = card.group.getBoundingClientRect();
    const down = (box.top - own.top) * way;
    const distance = down + 2 * Math.abs(box.left - own.left);
    if (card.id !== id && down > 4 && distance < least) [best, least] = [card.id, distance];
  }
  return best;
}
