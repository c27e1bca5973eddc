// The graph from afar: one picture of a few paths instead of some twenty elements a node. Rule: a path for each kind and
// each manner of wire; what a hand moves is drawn apart, so that all else is made once. Its shape tells a node's kind.
import { ViewportPortal, h, memo, useMemo, useRef, useStore } from "../../vendor/flow.js";
import { word } from "../words.js";
import { kindOf } from "./look.js";
import { cornersOf } from "./scene.js";
import { outlineAt, roundedBox } from "./shapes.js";
import { PORT_REACH } from "./wires.js";
/** @import { Box, Point } from "./route.js" */
/** @import { Scene, SceneWire } from "./scene.js" */

/** A box so near to a wire may change its way. */
const NEAR = 64;
/** More moved boxes than these: all wires are routed again. */
const FEW = 40;
const FLAG = 36;

/** @typedef {Map<string, { wire: SceneWire, line: string, zone: Box, ends: string }>} Routes */
/**
 * @typedef {object} FarProps
 * @property {Scene} scene
 * @property {Set<string>} selection
 * @property {Map<string, { x: number, y: number }> | null} moving where nodes are that a hand moves
 * @property {Map<string, "error" | "warning">} marks
 * @property {Set<string>} pinned the nodes whose outputs are pinned
 * @property {Record<string, string>} [differences]
 * @property {string | null} edge the selected wire
 */

/** @param {FarProps} props */
function FarOf({ scene, selection, moving, marks, pinned, differences, edge }) {
  // Lines as wide as they are near, by steps, so that a wheel does not style all anew at each of its turns.
  const pixel = useStore((view) => 1.25 ** Math.round(-Math.log(view.transform[2]) / Math.log(1.25)));
  const kept = useRef(/** @type {{ scene: Scene, routes: Routes } | null} */ (null));
  const routes = useMemo(() => {
    if (kept.current?.scene !== scene) kept.current = { scene, routes: routed(scene, kept.current) };
    return kept.current.routes;
  }, [scene]);
  const apart = moving ? [...moving.keys()].join("\n") : "";
  const moved = useMemo(() => new Set(apart ? apart.split("\n") : []), [apart]);
  const still = useMemo(() => {
    const ids = scene.order.filter((id) => !moved.has(id));
    const wires = scene.wires.filter(({ source, target }) => !moved.has(source) && !moved.has(target));
    return [...wirePaths(wires, (wire) => routes.get(wire.key)?.line ?? "", differences), ...boxPaths(scene, ids, (id) => scene.places.get(id)), ...absentPaths(scene)];
  }, [scene, routes, moved, differences]);
  const at = (/** @type {string} */ id) => {
    const box = scene.places.get(id) ?? scene.missing.get(id);
    const live = moving?.get(id);
    return box && live ? { ...box, x: live.x, y: live.y } : box;
  };
  const live = moved.size === 0 ? [] : [
    ...wirePaths(scene.wires.filter(({ source, target }) => moved.has(source) || moved.has(target)), (wire) => lineOf(cornersOf(scene, wire, PORT_REACH, at)), differences),
    ...boxPaths(scene, [...moved], at),
  ];
  const said = useMemo(() => [...haloPaths(scene, selection, differences, at), ...flagPaths(marks, at), ...pinPaths(pinned, at), ...chosenPath(edge, routes)], [scene, selection, differences, marks, pinned, moving, edge, routes]);
  return h(
    ViewportPortal,
    null,
    h(
      "svg",
      { className: "far", role: "img", "aria-label": word("canvas.far", String(scene.order.length)), style: { "--pixel": `${pixel}px` } },
      h("g", null, drawn(still)),
      h("g", null, drawn(live)),
      h("g", null, drawn(said)),
    ),
  );
}

export const Far = memo(FarOf);

/** @param {[string, string][]} paths class and path */
function drawn(paths) {
  return paths.map(([css, d]) => h("path", { key: css, className: css, d }));
}

/**
 * The way of each wire; the ways of before are taken where nothing near them has changed. O(wires × moved boxes).
 * @param {Scene} scene
 * @param {{ scene: Scene, routes: Routes } | null} before
 * @returns {Routes}
 */
function routed(scene, before) {
  const changed = before ? changedBoxes(before.scene.places, scene.places) : null;
  /** @type {Routes} */
  const routes = new Map();
  for (const wire of scene.wires) {
    const ends = endsOf(scene, wire);
    const was = changed ? before?.routes.get(wire.key) : undefined;
    if (was && was.ends === ends && !(/** @type {Box[]} */ (changed).some((box) => isNear(box, was.zone)))) {
      routes.set(wire.key, was);
      continue;
    }
    const corners = cornersOf(scene, wire, PORT_REACH);
    if (corners) routes.set(wire.key, { wire, ends, line: lineOf(corners), zone: zoneOf(corners) });
  }
  return routes;
}

/**
 * Old and new boxes of what stands elsewhere, or null if they are many.
 * @param {Map<string, Box>} before
 * @param {Map<string, Box>} now
 */
function changedBoxes(before, now) {
  /** @type {Box[]} */
  const changed = [];
  for (const [id, box] of now) {
    const was = before.get(id);
    if (was && was.x === box.x && was.y === box.y && was.width === box.width && was.height === box.height) continue;
    if (was) changed.push(was);
    changed.push(box);
    if (changed.length > FEW) return null;
  }
  for (const [id, box] of before) {
    if (now.has(id)) continue;
    changed.push(box);
    if (changed.length > FEW) return null;
  }
  return changed;
}

/** @param {Scene} scene @param {SceneWire} wire */
function endsOf({ places, missing, touches }, { key, source, target, port, isOneOfSeveral }) {
  const [from, to] = [places.get(source), places.get(target) ?? missing.get(target)];
  return [port, isOneOfSeveral, from?.x, from?.y, from?.width, from?.height, to?.x, to?.y, to?.width, to?.height, touches.leaves.get(key), touches.enters.get(key)].join(" ");
}

/** @param {Point[]} corners @returns {Box} */
function zoneOf(corners) {
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** @param {Box} box @param {Box} zone */
function isNear(box, zone) {
  return box.x < zone.x + zone.width + NEAR && zone.x - NEAR < box.x + box.width && box.y < zone.y + zone.height + NEAR && zone.y - NEAR < box.y + box.height;
}

/** From afar no corner is seen to be round. @param {Point[] | null} corners */
function lineOf(corners) {
  return corners ? `M${corners.map(([x, y]) => `${Math.round(x)} ${Math.round(y)}`).join("L")}` : "";
}

/**
 * @param {SceneWire[]} wires
 * @param {(wire: SceneWire) => string} line
 * @param {Record<string, string> | undefined} differences
 * @returns {[string, string][]} class and path
 */
function wirePaths(wires, line, differences) {
  return grouped(wires, (wire) => ["far-wire", wire.manner === "plain" ? "" : "dashed", wire.isBroken ? "broken" : "", differences?.[wire.key] ?? ""].filter(Boolean).join(" "), line);
}

/**
 * @param {Scene} scene
 * @param {string[]} ids
 * @param {(id: string) => Box | undefined} at
 * @returns {[string, string][]}
 */
function boxPaths(scene, ids, at) {
  const kind = (/** @type {string} */ id) => kindOf(scene.nodes?.[id]);
  return grouped(ids, (id) => `far-box kind-${kind(id)}`, (id) => outlineOf(kind(id), at(id)));
}

/** @param {Scene} scene @returns {[string, string][]} */
function absentPaths({ missing }) {
  return grouped([...missing.values()], () => "far-box kind-missing broken", (box) => outlineOf("missing", box));
}

/**
 * Around what is selected or differs.
 * @param {Scene} scene
 * @param {Set<string>} selection
 * @param {Record<string, string> | undefined} differences
 * @param {(id: string) => Box | undefined} at
 * @returns {[string, string][]}
 */
function haloPaths({ places }, selection, differences, at) {
  const around = (/** @type {string} */ id) => {
    const box = at(id);
    return box ? roundedBox(box.x - 10, box.y - 10, box.width + 20, box.height + 20, 16) : "";
  };
  const differ = Object.keys(differences ?? {}).filter((id) => places.has(id));
  return [...grouped([...selection].filter((id) => places.has(id)), () => "far-halo", around), ...grouped(differ, (id) => `far-halo ${differences?.[id]}`, around)];
}

/**
 * A disc at each node with an error, a triangle at each with a warning.
 * @param {Map<string, "error" | "warning">} marks
 * @param {(id: string) => Box | undefined} at
 * @returns {[string, string][]}
 */
function flagPaths(marks, at) {
  return grouped([...marks], ([, worst]) => `far-flag ${worst}`, ([id, worst]) => {
    const box = at(id);
    if (!box) return "";
    const [x, y] = [box.x + box.width, box.y];
    return worst === "error" ? roundedBox(x - FLAG / 2, y - FLAG / 2, FLAG, FLAG, FLAG / 2) : `M${x} ${y - FLAG / 2}l${FLAG / 2} ${FLAG}h${-FLAG}Z`;
  });
}

/**
 * A square on its corner at each node whose output is pinned.
 * @param {Set<string>} pinned
 * @param {(id: string) => Box | undefined} at
 * @returns {[string, string][]}
 */
function pinPaths(pinned, at) {
  return grouped([...pinned], () => "far-flag pinned", (id) => {
    const box = at(id);
    return box ? `M${box.x} ${box.y - FLAG / 2}l${FLAG / 2} ${FLAG / 2}l${-FLAG / 2} ${FLAG / 2}l${-FLAG / 2} ${-FLAG / 2}Z` : "";
  });
}

/** @param {string | null} edge @param {Routes} routes @returns {[string, string][]} */
function chosenPath(edge, routes) {
  const line = edge === null ? "" : (routes.get(edge)?.line ?? "");
  return line ? [["far-wire selected", line]] : [];
}

/** @param {string} kind @param {Box | undefined} box */
function outlineOf(kind, box) {
  return box ? outlineAt(kind, box) : "";
}

/**
 * One path for all that look the same.
 * @template T
 * @param {T[]} things
 * @param {(thing: T) => string} css
 * @param {(thing: T) => string} path
 * @returns {[string, string][]}
 */
function grouped(things, css, path) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const thing of things) {
    const name = css(thing);
    const there = groups.get(name);
    if (there) there.push(path(thing));
    else groups.set(name, [path(thing)]);
  }
  return [...groups].map(([name, paths]) => [name, paths.join("")]);
}
