// The canvas: the shown graph drawn by React Flow, what is done to it turned into edits.
// Rule: the document is the truth and comes from the store; React Flow holds what is near the view and what moves under the
// pointer. From afar that is next to nothing: one picture shows the graph, and a node comes to life where the pointer is.
import { Background, BackgroundVariant, Position, ReactFlow, SelectionMode, flushSync, getViewportForBounds, h, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, useStore, useStoreApi } from "../../vendor/flow.js";
import { bounds, formOf, snapped } from "../document/geometry.js";
import { newNode } from "../document/kinds.js";
import { addNote, connect, maySplice, move, moveNote, reconnect, splice } from "../document/edits.js";
import { judgeReconnect, judgeWire } from "../document/refusals.js";
import { say, word } from "../words.js";
import { isObject, useEditor, usePinned } from "./context.js";
import { Far } from "./far.js";
import { portOf, waysOf, wireWords } from "./look.js";
import { SmallMap } from "./minimap.js";
import { areaOf, inside, nearTo, nodeAt, tilesOf } from "./nearby.js";
import { Card } from "./node.js";
import { Note } from "./note.js";
import { absentNode, marksOf, sceneOf, sentencesOf, spotsOf } from "./scene.js";
import { BoxesContext, DrawnWire, PORT_REACH, Wire } from "./wires.js";
/** @import { Edge, FinalConnectionState, Node, NodeChange } from "../../vendor/flow.js" */

/** More selected nodes than these are not made from afar: React Flow moves them, the picture shows them. */
const MOST_ALIVE = 40;
/** px of the screen around a node from afar that still mean it. */
const FAR_REACH = 3;
const nodeTypes = { card: Card, note: Note };
const edgeTypes = { wire: Wire };
const LEAST_ZOOM = 0.05;
const MOST_ZOOM = 2;
const SNAP = /** @type {[number, number]} */ ([8, 8]);
/** @type {Set<string>} */
const NOTHING = new Set();
/** @type {import("../contract.js").Finding[]} */
const NO_FINDINGS = [];
const SIDES = { left: Position.Left, right: Position.Right, top: Position.Top, bottom: Position.Bottom };

/**
 * @param {object} props
 * @param {Record<string, string>} [props.differences] node id or wire id -> added, removed, changed
 * @param {any} [props.shown] another graph than the editor's, to look at; nothing can be done to it
 * @param {boolean} [props.isPreview] beside words that say the same: no place for Tab, and no map
 */
export function Canvas({ differences, shown, isPreview = false }) {
  const editor = useEditor();
  const graph = shown ?? editor.graph;
  const isFixed = shown !== undefined;
  const selection = isFixed ? NOTHING : editor.selection;
  const findings = isFixed ? NO_FINDINGS : editor.snapshot.findings;
  const [moving, setMoving] = useState(/** @type {Map<string, { x: number, y: number, width?: number, height?: number }> | null} */ (null));
  const [isWiring, setWiring] = useState(false);
  // An empty canvas has nothing to fit in; React Flow would do it when the first node comes, under the hand.
  const [wasThere] = useState(() => isObject(graph) && isObject(graph["nodes"]) && Object.keys(graph["nodes"]).length > 0);
  const kept = useRef(/** @type {Map<string, Node>} */ (new Map()));
  const latest = useRef(editor);
  latest.current = editor;
  const store = useStoreApi();
  // Sizes and ports come with the document; measured in the page, each would be laid out as soon as it comes into view.
  useState(() => store.setState({ updateNodeInternals: () => undefined }));

  const nodesOf = isObject(graph) && isObject(graph["nodes"]) ? graph["nodes"] : null;
  const layout = isObject(graph) ? graph["layout"] : null;
  const before = useRef(/** @type {import("./scene.js").Scene | null} */ (null));
  const scene = useMemo(() => (before.current = sceneOf(graph, before.current)), [nodesOf, layout]);
  const { scope } = editor.ui;
  const marks = useMemo(() => marksOf(findings, scope), [findings, scope]);
  const here = usePinned();
  const pinned = isFixed ? NOTHING : here;
  const sentences = useMemo(() => sentencesOf(scene.order, nodesOf, { findings, pinned, scope }), [scene.order, nodesOf, findings, pinned, scope]);

  const isPlaced = useFirstView(scene, wasThere, isPreview);
  const tiles = useStore((view) => tilesOf(view.transform, view.width, view.height));
  const isFar = tiles === "far";
  const [alive, setAlive] = useState(/** @type {string | null} */ (null));
  const near = useMemo(() => {
    const area = isPlaced ? areaOf(tiles) : null;
    return area ? nearTo(scene, area) : { ids: new Set(/** @type {string[]} */ ([])), wires: [] };
  }, [scene, tiles, isPlaced]);

  const nodes = useMemo(() => {
    const was = kept.current;
    /** @type {Map<string, Node>} */
    const now = new Map();
    const given = new Set([...near.ids, ...selection, ...(alive === null ? [] : [alive])]);
    const isMany = isFar && selection.size > MOST_ALIVE;
    // In the order in which they are told: that is how one reads them, and how Tab goes.
    for (const id of scene.order) {
      if (!given.has(id)) continue;
      const isHidden = isMany && id !== alive;
      now.set(id, kin(was.get(id), { scene, id, moving, isSelected: selection.has(id), isHidden, isFixed, worst: marks.get(id) ?? "", isPinned: pinned.has(id), difference: differences?.[id] ?? "", said: isHidden ? "" : sentences(id) }));
    }
    for (const [id, place] of scene.missing) if (!isFar && given.has(id)) now.set(id, was.get(id) ?? missingNode(id, place));
    scene.notes.forEach((note, index) => {
      const id = `$note:${index}`;
      const live = moving?.get(id);
      const box = { width: live?.width ?? note.w, height: live?.height ?? note.h };
      now.set(id, { id, type: "note", zIndex: -1, position: { x: live?.x ?? note.x, y: live?.y ?? note.y }, ...box, measured: box, handles: [], selected: selection.has(id), draggable: !isFixed, ariaLabel: word("note.spoken", note.text), data: { text: note.text, index } });
    });
    kept.current = now;
    return [...now.values()];
  }, [scene, near, isFar, alive, moving, selection, marks, pinned, differences, isFixed, sentences]);

  const keptEdges = useRef(/** @type {Map<string, Edge>} */ (new Map()));
  const edges = useMemo(() => {
    /** @type {Map<string, Edge>} */
    const now = new Map();
    for (const { key, source, target, port, index, manner, isBroken, isOneOfSeveral } of near.wires) {
      const data = { words: wireWords(nodesOf?.[source], index), manner, isBroken, isOneOfSeveral, difference: differences?.[key] ?? "", leavesAt: scene.touches.leaves.get(key) ?? null, entersAt: scene.touches.enters.get(key) ?? null };
      const was = keptEdges.current.get(key);
      const isSelected = !isFixed && editor.ui.edge === key;
      if (was && was.target === target && was.sourceHandle === port && was.selected === isSelected && JSON.stringify(was.data) === JSON.stringify(data)) now.set(key, was);
      else now.set(key, { id: key, type: "wire", source, target, sourceHandle: port, targetHandle: "in", selected: isSelected, reconnectable: isFixed ? false : "target", focusable: false, data });
    }
    keptEdges.current = now;
    return [...now.values()];
  }, [scene, near, nodesOf, editor.ui.edge, differences, isFixed]);

  const under = useCallback((/** @type {{ clientX: number, clientY: number }} */ event) => {
    const { flow } = latest.current;
    if (!flow.current) return null;
    return nodeAt(scene.places, flow.current.screenToFlowPosition({ x: event.clientX, y: event.clientY }, { snapToGrid: false }), FAR_REACH / flow.current.getZoom());
  }, [scene]);
  const onPointerMove = useCallback((/** @type {any} */ event) => {
    if (event.buttons !== 0 || event.pointerType === "touch") return;
    const id = under(event);
    // At once: the button may go down with the next event, and then the node must be there.
    if (id !== alive) flushSync(() => setAlive(id));
  }, [under, alive]);
  useBoxOfHand(scene, latest);

  const onNodesChange = useCallback((/** @type {NodeChange[]} */ changes) => {
    const { select, chosen: now, ui } = latest.current;
    /** @type {Set<string> | null} */
    let chosen = null;
    /** @type {Map<string, any> | null} */
    let moved = null;
    for (const change of changes) {
      if (change.type === "select") {
        chosen ??= new Set(now.current);
        if (change.selected) chosen.add(change.id);
        else chosen.delete(change.id);
      } else if (change.type === "position" && change.position && change.dragging) {
        moved ??= new Map();
        moved.set(change.id, { ...change.position });
      } else if (change.type === "dimensions" && change.resizing && change.dimensions) {
        moved ??= new Map();
        moved.set(change.id, { ...(moved.get(change.id) ?? {}), ...change.dimensions });
      } else if (change.type === "position" && change.position && change.id.startsWith("$note:") && change.dragging === undefined) {
        moved ??= new Map();
        moved.set(change.id, { ...(moved.get(change.id) ?? {}), ...change.position });
      }
    }
    if (chosen) {
      select(chosen);
      if (ui.edge !== null && chosen.size > 0) latest.current.setUi({ edge: null });
    }
    if (moved) {
      const fresh = moved;
      setMoving((old) => {
        const all = new Map(old ?? []);
        for (const [id, place] of fresh) all.set(id, { ...all.get(id), ...place });
        return all;
      });
    }
  }, []);

  const onNodeDragStop = useCallback((/** @type {any} */ event, /** @type {Node} */ _node, /** @type {Node[]} */ dragged) => {
    const { graph: now, act } = latest.current;
    setMoving(null);
    const cards = dragged.filter((one) => one.type === "card");
    const notes = dragged.filter((one) => one.type === "note");
    const first = cards[0];
    const wire = cards.length === 1 && first ? wireUnder(event, first.id) : null;
    if (first && wire && maySplice(now, wire, { id: first.id })) {
      act(splice(now, wire, { id: first.id }, [first.position.x, first.position.y]).edit);
      return;
    }
    const places = Object.fromEntries(cards.map((one) => [one.id, /** @type {[number, number]} */ ([one.position.x, one.position.y])]));
    if (cards.length) act(move(now, places));
    for (const note of notes) act(moveNote(latest.current.graph, Number(note.id.slice(6)), { x: note.position.x, y: note.position.y }));
  }, []);

  const onConnect = useCallback((/** @type {any} */ made) => {
    tryWire(latest.current, { node: made.source, on: made.sourceHandle, to: made.target }, null);
  }, []);
  const leading = useRef(/** @type {Edge | null} */ (null));
  const isValidConnection = useCallback((/** @type {any} */ made) => {
    const { graph: now } = latest.current;
    if (leading.current) {
      const [node, index] = placeOf(leading.current.id);
      return made.target !== leading.current.target && judgeReconnect(now, { node, index }, made.target).ok;
    }
    return judgeWire(now, { node: made.source, on: made.sourceHandle ?? undefined, to: made.target }).ok;
  }, []);
  const onConnectStart = useCallback(() => setWiring(true), []);
  const onConnectEnd = useCallback((/** @type {any} */ event, /** @type {FinalConnectionState} */ state) => {
    setWiring(false);
    const { x, y } = pointOf(event);
    const node = state.fromNode?.id;
    if (!node || state.isValid) return;
    const isBack = state.fromHandle?.type === "target";
    const hit = state.toNode?.id ?? nodeUnder(x, y);
    if (hit && hit !== node) {
      if (isBack) tryWire(latest.current, { node: hit, to: node }, { x, y });
      else tryWire(latest.current, { node, on: state.fromHandle?.id ?? undefined, to: hit }, { x, y });
    } else if (!hit && !isBack) {
      const spot = latest.current.flow.current?.screenToFlowPosition({ x, y });
      latest.current.setUi({ popup: { type: "add", x, y, from: { node, ...(state.fromHandle?.id ? { on: state.fromHandle.id } : {}) }, at: [spot.x, spot.y - 32] } });
    }
  }, []);
  const onReconnectStart = useCallback((/** @type {any} */ _event, /** @type {Edge} */ edge) => {
    leading.current = edge;
    setWiring(true);
  }, []);
  const onReconnectEnd = useCallback((/** @type {any} */ event, /** @type {Edge} */ edge) => {
    leading.current = null;
    setWiring(false);
    const { x, y } = pointOf(event);
    const to = nodeUnder(x, y);
    if (to === null || to === edge.target) return;
    const { graph: now, act, setUi, announce } = latest.current;
    const [node, index] = placeOf(edge.id);
    const verdict = judgeReconnect(now, { node, index }, to);
    if (verdict.ok) return act(reconnect(now, { node, index }, to));
    setUi({ popup: { type: "refusal", x, y, reason: verdict.reason, ...(verdict.wayOut ? { wayOut: verdict.wayOut } : {}) } });
    announce(say(verdict.reason));
  }, []);
  // What is done is done when the hand lets go, also over a node's body; React Flow wants to be told that ends move at all.
  const onReconnect = useCallback(() => undefined, []);

  const onPaneClick = useCallback((/** @type {any} */ event) => {
    // A finger from afar: no pointer was there before it that would have brought the node to life.
    const id = isFar ? under(event) : null;
    latest.current.select(id === null ? [] : [id]);
    latest.current.setUi({ edge: null, popup: null });
  }, [isFar, under]);
  const onEdgeClick = useCallback((/** @type {any} */ _event, /** @type {Edge} */ edge) => {
    latest.current.select([]);
    latest.current.setUi({ edge: edge.id, popup: null, isInspectorOpen: true });
  }, []);
  const onNodeDoubleClick = useCallback((/** @type {any} */ _event, /** @type {Node} */ node) => {
    if (node.type === "card") latest.current.run("enter", node.id);
  }, []);
  const onContext = useCallback((/** @type {any} */ event, /** @type {any} */ told = undefined) => {
    event.preventDefault();
    const touched = told === undefined && isFar ? under(event) : null;
    const thing = touched === null ? told : { id: touched, position: null };
    const isNode = thing !== undefined && "position" in thing;
    if (isNode && !latest.current.selection.has(thing.id)) latest.current.select([thing.id]);
    if (thing !== undefined && !isNode) latest.current.setUi({ edge: thing.id });
    latest.current.setUi({ popup: { type: "menu", x: event.clientX, y: event.clientY, node: isNode ? thing.id : null, edge: thing !== undefined && !isNode ? thing.id : null } });
  }, [isFar, under]);

  const onDrop = useCallback((/** @type {any} */ event) => {
    const text = event.dataTransfer.getData("application/x-weft-kind");
    if (!text) return;
    event.preventDefault();
    const { flow, graph: now, act, run } = latest.current;
    const spot = flow.current.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    if (text === "note") {
      act(addNote(now, { x: Math.round((spot.x - 100) / 8) * 8, y: Math.round((spot.y - 40) / 8) * 8, w: 200, h: 80 }).edit);
      return;
    }
    const choice = JSON.parse(text);
    // Its middle comes to lie under the pointer. A pattern is placed by its middle anyway.
    const size = choice.kind ? formOf(newNode(choice.kind)) : { width: 0, height: 0 };
    run("place", { choice, at: snapped([spot.x - size.width / 2, spot.y - size.height / 2]), into: wireAt(event.clientX, event.clientY) });
  }, []);
  const onDragOver = useCallback((/** @type {any} */ event) => {
    if (!event.dataTransfer.types.includes("application/x-weft-kind")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    const wire = wireAt(event.clientX, event.clientY);
    markDrop(wire ? `${wire.node}:${wire.index}` : null);
  }, []);
  useEffect(() => () => markDrop(null), []);

  return h(
    BoxesContext.Provider,
    { value: scene.boxes },
    h(
      ReactFlow,
      {
        // Two canvases on one page need ids of their own.
        id: isFixed ? "shown" : "drawn",
        className: [isWiring ? "wiring" : "", isFixed ? "fixed" : "", isFar ? "far-off" : ""].filter(Boolean).join(" "),
        nodes,
        edges,
        nodeTypes,
        edgeTypes,
        onNodesChange,
        onNodeDragStop,
        onConnect,
        onConnectStart,
        onConnectEnd,
        onClickConnectStart: onConnectStart,
        onClickConnectEnd: onConnectEnd,
        onReconnect,
        onReconnectStart,
        onReconnectEnd,
        reconnectRadius: 14,
        isValidConnection,
        ...(isFixed ? {} : { onPaneClick, onEdgeClick, onNodeDoubleClick, onNodeContextMenu: onContext, onEdgeContextMenu: onContext, onPaneContextMenu: onContext }),
        onDrop: (/** @type {any} */ event) => { markDrop(null); onDrop(event); },
        onDragOver,
        ...(isFar && !isFixed ? { onPointerMoveCapture: onPointerMove } : {}),
        onInit: (/** @type {any} */ instance) => { if (!isFixed) editor.flow.current = instance; },
        connectionLineComponent: DrawnWire,
        connectionRadius: 28,
        onlyRenderVisibleElements: true,
        nodesFocusable: !isPreview,
        edgesFocusable: false,
        nodesConnectable: !isFixed,
        disableKeyboardA11y: true,
        elementsSelectable: !isFixed,
        deleteKeyCode: null,
        selectionKeyCode: "Shift",
        multiSelectionKeyCode: ["Control", "Meta", "Shift"],
        selectionMode: SelectionMode.Partial,
        zoomOnScroll: false,
        panOnScroll: true,
        zoomActivationKeyCode: ["Control", "Meta"],
        zoomOnDoubleClick: false,
        snapToGrid: true,
        snapGrid: SNAP,
        nodeDragThreshold: 2,
        defaultViewport: { x: 120, y: 160, zoom: 1 },
        minZoom: LEAST_ZOOM,
        maxZoom: MOST_ZOOM,
        colorMode: "system",
        attributionPosition: "bottom-center",
        "aria-label": word("canvas.name"),
      },
      h(Background, { variant: BackgroundVariant.Dots, gap: isFar ? 96 : 24, size: isFar ? 4 : 1 }),
      isFar && isPlaced ? h(Far, { scene, selection, moving, marks, pinned, ...(differences ? { differences } : {}), edge: editor.ui.edge }) : null,
      scene.order.length > 3 && !isPreview ? h(SmallMap, { scene }) : null,
    ),
  );
}

/**
 * Look at the whole graph once the room for it is known; until then nothing is drawn that would be drawn again.
 * @param {import("./scene.js").Scene} scene
 * @param {boolean} wasThere
 * @param {boolean} isKept with another room the whole graph is looked at again
 */
function useFirstView(scene, wasThere, isKept) {
  const store = useStoreApi();
  const isReady = useStore((view) => view.panZoom !== null && view.width > 0 && view.height > 0);
  const room = useStore((view) => (isKept ? `${view.width} ${view.height}` : ""));
  const [isPlaced, setPlaced] = useState(false);
  useLayoutEffect(() => {
    if (!isReady || (isPlaced && !isKept)) return;
    const { panZoom, width, height } = store.getState();
    if (wasThere) void panZoom?.setViewport(wholeView(scene, width, height));
    setPlaced(true);
  }, [isReady, isPlaced, room]);
  return isPlaced;
}

/**
 * The view that shows all of a graph, or some nodes of it.
 * @param {import("./scene.js").Scene} scene
 * @param {number} width px of the room
 * @param {number} height
 * @param {Iterable<string>} [ids]
 */
export function wholeView(scene, width, height, ids) {
  const notes = scene.notes.map(({ x, y, w, h: high }) => ({ x, y, width: w, height: high }));
  const boxes = ids ? [...ids].flatMap((id) => scene.places.get(id) ?? (id.startsWith("$note:") ? (notes[Number(id.slice(6))] ?? []) : [])) : [...scene.places.values(), ...scene.missing.values(), ...notes];
  return getViewportForBounds(bounds(boxes), width, height, LEAST_ZOOM, 1, 0.16);
}

/**
 * What the hand draws a box around is selected, also where React Flow does not know of it.
 * @param {import("./scene.js").Scene} scene
 * @param {{ current: import("./context.js").Editor }} latest
 */
function useBoxOfHand(scene, latest) {
  const store = useStoreApi();
  useEffect(() => store.subscribe((view, before) => {
    const { userSelectionRect: box, userSelectionActive, transform: [x, y, zoom] } = view;
    if (!box || !userSelectionActive || box === before.userSelectionRect) return;
    const { chosen, select } = latest.current;
    const area = { x: (box.x - x) / zoom, y: (box.y - y) / zoom, width: box.width / zoom, height: box.height / zoom };
    select([...inside(scene.places, area), ...[...chosen.current].filter((id) => id.startsWith("$"))]);
  }), [store, scene]);
}

/**
 * A node for React Flow: the one of before if nothing of it is another.
 * @param {Node | undefined} was
 * @param {{ scene: import("./scene.js").Scene, id: string, moving: Map<string, { x: number, y: number }> | null, isSelected: boolean, isHidden: boolean, isFixed: boolean, worst: string, isPinned: boolean, difference: string, said: string }} now
 * @returns {Node}
 */
function kin(was, { scene, id, moving, isSelected, isHidden, isFixed, worst, isPinned, difference, said }) {
  const node = scene.nodes[id];
  const place = moving?.get(id) ?? scene.places.get(id) ?? { x: 0, y: 0 };
  const ways = scene.counts.get(id) ?? 0;
  const data = /** @type {any} */ (was?.data);
  if (was && data.node === node && was.position.x === place.x && was.position.y === place.y && was.selected === isSelected && was.hidden === isHidden && data.worst === worst && data.isPinned === isPinned && data.difference === difference && data.waysIn === ways && was.ariaLabel === said) return was;
  const { spots, ...box } = spotsOf(scene, id);
  return {
    id,
    type: "card",
    position: { x: place.x, y: place.y },
    width: box.width,
    height: box.height,
    measured: { width: box.width, height: box.height },
    handles: spots.map((spot) => ({ id: spot.port === "" ? "in" : spot.port, type: spot.port === "" ? "target" : "source", position: SIDES[spot.side], x: spot.x - PORT_REACH, y: spot.y - PORT_REACH, width: 2 * PORT_REACH, height: 2 * PORT_REACH })),
    selected: isSelected,
    hidden: isHidden,
    draggable: !isFixed,
    ariaLabel: said,
    data: { node, waysIn: ways, used: [...new Set(waysOf(node).map((edge) => portOf(node, edge)))].join(" "), worst, isPinned, difference, spots },
  };
}

/**
 * @param {string} id
 * @param {{ x: number, y: number, width: number, height: number }} place
 * @returns {Node}
 */
function missingNode(id, { x, y, width, height }) {
  const box = { width, height };
  return {
    id, type: "card", position: { x, y }, ...box, measured: box, selectable: false, draggable: false, deletable: false, connectable: false,
    ariaLabel: word("node.absent", id),
    handles: [{ id: "in", type: "target", position: Position.Left, x: -PORT_REACH, y: 32 - PORT_REACH, width: 2 * PORT_REACH, height: 2 * PORT_REACH }],
    data: { node: absentNode(id), waysIn: 0, used: "", worst: "", isPinned: false, difference: "", spots: [{ port: "", x: 0, y: 32, side: "left" }] },
  };
}

/**
 * Draw a wire, or say why not and what to do instead.
 * @param {import("./context.js").Editor} editor
 * @param {{ node: string, on?: string | undefined, to: string }} wire
 * @param {{ x: number, y: number } | null} where
 */
export function tryWire(editor, wire, where) {
  const verdict = judgeWire(editor.graph, wire);
  if (verdict.ok) {
    editor.act(connect(editor.graph, wire));
    return true;
  }
  const spot = where ?? { x: innerWidth / 2 - 160, y: innerHeight / 3 };
  editor.setUi({ popup: { type: "refusal", ...spot, reason: verdict.reason, ...(verdict.wayOut ? { wayOut: verdict.wayOut } : {}) } });
  editor.announce(say(verdict.reason));
  return false;
}

/** @param {string} edge */
export function placeOf(edge) {
  const cut = edge.lastIndexOf(":");
  return /** @type {[string, number]} */ ([edge.slice(0, cut), Number(edge.slice(cut + 1))]);
}

/** @param {any} event */
function pointOf(event) {
  const touch = event.changedTouches?.[0];
  return touch ? { x: touch.clientX, y: touch.clientY } : { x: event.clientX, y: event.clientY };
}

/**
 * @param {number} x
 * @param {number} y
 */
function nodeUnder(x, y) {
  const found = document.elementsFromPoint(x, y).map((one) => one.closest(".react-flow__node")).find(Boolean);
  const id = found?.getAttribute("data-id");
  return id && !id.startsWith("$") ? id : null;
}

/**
 * The wire at a point of the screen.
 * @param {number} x
 * @param {number} y
 * @param {string} [except] a node whose own wires do not count
 */
export function wireAt(x, y, except) {
  for (const one of document.elementsFromPoint(x, y)) {
    const key = one.closest("[data-wire]")?.getAttribute("data-wire") ?? one.getAttribute("data-words");
    if (!key) continue;
    const [node, index] = placeOf(key);
    if (node !== except) return { node, index };
  }
  return null;
}

/**
 * @param {any} event
 * @param {string} node
 */
function wireUnder(event, node) {
  const { x, y } = pointOf(event);
  return x === undefined ? null : wireAt(x, y, node);
}

/** @param {string | null} key */
function markDrop(key) {
  for (const one of document.querySelectorAll(".react-flow__edge.drop")) one.classList.remove("drop");
  if (key) document.querySelector(`[data-wire="${CSS.escape(key)}"]`)?.closest(".react-flow__edge")?.classList.add("drop");
}

