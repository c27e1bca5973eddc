// The canvas: the shown graph drawn by React Flow, what is done to it turned into edits.
// Rule: the document is the truth and comes from the store; React Flow holds only what moves under the pointer. A node's
// record is made anew only when its part of the document, its place or its marks have changed.
import { Background, BackgroundVariant, MiniMap, Position, ReactFlow, SelectionMode, h, useCallback, useEffect, useMemo, useRef, useState } from "../../vendor/flow.js";
import { boxesOf, formOf, snapped } from "../document/geometry.js";
import { newNode } from "../document/kinds.js";
import { addNote, connect, maySplice, move, moveNote, reconnect, splice } from "../document/edits.js";
import { judgeReconnect, judgeWire } from "../document/refusals.js";
import { topological, waysOf as waysAmong } from "../document/order.js";
import { say, word } from "../words.js";
import { isObject, useEditor } from "./context.js";
import { kindOf, nameOf, portOf, waysIn, waysOf, wireWords, allPorts } from "./look.js";
import { Card, spoken } from "./node.js";
import { Note } from "./note.js";
import { Boxes, alongBar } from "./route.js";
import { placed } from "./spots.js";
import { BoxesContext, DrawnWire, PORT_REACH, Wire } from "./wires.js";
/** @import { Edge, FinalConnectionState, Node, NodeChange } from "../../vendor/flow.js" */

const nodeTypes = { card: Card, note: Note };
const edgeTypes = { wire: Wire };
const SNAP = /** @type {[number, number]} */ ([8, 8]);
/** @type {Set<string>} */
const NOTHING = new Set();
/** @type {import("../contract.js").Finding[]} */
const NO_FINDINGS = [];
const SIDES = { left: Position.Left, right: Position.Right, top: Position.Top, bottom: Position.Bottom };

/**
 * @param {object} props
 * @param {Record<string, string>} [props.differences] node id or wire id -> added, removed, changed
 * @param {any} [props.shown] another graph than the editor's, to look at
 */
export function Canvas({ differences, shown }) {
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

  const nodesOf = isObject(graph) && isObject(graph["nodes"]) ? graph["nodes"] : null;
  const layout = isObject(graph) ? graph["layout"] : null;
  const places = useMemo(() => boxesOf(graph), [nodesOf, layout]);
  const order = useMemo(() => topological(waysAmong(graph)), [nodesOf]);
  const marks = useMemo(() => marksOf(findings, editor.ui.scope), [findings, editor.ui.scope]);
  const counts = useMemo(() => waysIn(nodesOf), [nodesOf]);
  const missing = useMemo(() => missingOf(nodesOf, places), [nodesOf, places]);

  // Apart from the nodes: they are told again when something is said of them, not with every move of a hand.
  const sentences = useMemo(() => sentencesOf(order, nodesOf, findings, editor.ui.scope), [order, nodesOf, findings, editor.ui.scope]);

  const nodes = useMemo(() => {
    const before = kept.current;
    /** @type {Map<string, Node>} */
    const now = new Map();
    for (const id of order) {
      const node = /** @type {any} */ (nodesOf)?.[id];
      const place = moving?.get(id) ?? places.get(id) ?? { x: 0, y: 0 };
      const difference = differences?.[id] ?? "";
      const worst = marks.get(id) ?? "";
      const ways = counts.get(id) ?? 0;
      const was = before.get(id);
      const said = sentences.get(id) ?? "";
      const data = /** @type {any} */ (was?.data);
      if (was && data.node === node && was.position.x === place.x && was.position.y === place.y && was.selected === selection.has(id) && data.worst === worst && data.difference === difference && data.waysIn === ways && was.ariaLabel === said) {
        now.set(id, was);
        continue;
      }
      const { spots, ...box } = placed(node, ways);
      now.set(id, {
        id,
        type: "card",
        position: { x: place.x, y: place.y },
        width: box.width,
        height: box.height,
        measured: { width: box.width, height: box.height },
        handles: spots.map((/** @type {any} */ spot) => ({ id: spot.port === "" ? "in" : spot.port, type: spot.port === "" ? "target" : "source", position: SIDES[/** @type {"left"} */ (spot.side)], x: spot.x - PORT_REACH, y: spot.y - PORT_REACH, width: 2 * PORT_REACH, height: 2 * PORT_REACH })),
        selected: selection.has(id),
        draggable: !isFixed,
        ariaLabel: said,
        data: { node, waysIn: ways, used: [...new Set(waysOf(node).map((edge) => portOf(node, edge)))].join(" "), worst, difference, spots },
      });
    }
    for (const [id, place] of missing) {
      now.set(id, before.get(id) ?? missingNode(id, place));
    }
    notesOf(layout).forEach((note, index) => {
      const id = `$note:${index}`;
      const live = moving?.get(id);
      now.set(id, {
        id, type: "note", zIndex: -1,
        position: { x: live?.x ?? note.x, y: live?.y ?? note.y },
        width: live?.width ?? note.w, height: live?.height ?? note.h,
        measured: { width: live?.width ?? note.w, height: live?.height ?? note.h },
        selected: selection.has(id), draggable: !isFixed, ariaLabel: word("note.spoken", note.text), data: { text: note.text, index },
      });
    });
    kept.current = now;
    return [...now.values()];
  }, [order, nodesOf, places, layout, moving, selection, marks, counts, missing, differences, isFixed, sentences]);

  const boxes = useMemo(
    () => new Boxes([...places.values()]),
    [places],
  );
  const touches = useMemo(() => touchesOf(nodesOf, places), [nodesOf, places]);
  const keptEdges = useRef(/** @type {Map<string, Edge>} */ (new Map()));
  const edges = useMemo(() => {
    /** @type {Map<string, Edge>} */
    const now = new Map();
    for (const id of order) {
      const node = /** @type {any} */ (nodesOf)?.[id];
      const ways = waysOf(node);
      const ports = ways.map((edge) => (isObject(edge) ? portOf(node, edge) : ""));
      ways.forEach((edge, index) => {
        if (!isObject(edge) || typeof edge.node !== "string") return;
        const key = `${id}:${index}`;
        const port = /** @type {string} */ (ports[index]);
        // Wires of a fork leave its bar each at a height of its own.
        const isOneOfSeveral = !touches.leaves.has(key) && ports.indexOf(port) !== ports.lastIndexOf(port);
        const isBroken = !isObject(nodesOf) || !(edge.node in nodesOf) || !knownPort(node, port);
        const data = { words: wireWords(node, index), manner: port === "repeat" ? "repeat" : port === "transfer" ? "transfer" : "plain", isBroken, isOneOfSeveral, difference: differences?.[key] ?? "", leavesAt: touches.leaves.get(key) ?? null, entersAt: touches.enters.get(key) ?? null };
        const was = keptEdges.current.get(key);
        const isSelected = editor.ui.edge === key;
        if (was && was.target === edge.node && was.sourceHandle === port && was.selected === isSelected && JSON.stringify(was.data) === JSON.stringify(data)) now.set(key, was);
        else now.set(key, { id: key, type: "wire", source: id, target: edge.node, sourceHandle: port, targetHandle: "in", selected: isSelected, reconnectable: isFixed ? false : "target", focusable: false, data });
      });
    }
    keptEdges.current = now;
    return [...now.values()];
  }, [order, nodesOf, touches, editor.ui.edge, differences, isFixed]);

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

  const onPaneClick = useCallback(() => {
    latest.current.select([]);
    latest.current.setUi({ edge: null, popup: null });
  }, []);
  const onEdgeClick = useCallback((/** @type {any} */ _event, /** @type {Edge} */ edge) => {
    latest.current.select([]);
    latest.current.setUi({ edge: edge.id, popup: null, isInspectorOpen: true });
  }, []);
  const onNodeDoubleClick = useCallback((/** @type {any} */ _event, /** @type {Node} */ node) => {
    if (node.type === "card") latest.current.run("enter", node.id);
  }, []);
  const onContext = useCallback((/** @type {any} */ event, /** @type {any} */ thing = undefined) => {
    event.preventDefault();
    const isNode = thing !== undefined && "position" in thing;
    if (isNode && !latest.current.selection.has(thing.id)) latest.current.select([thing.id]);
    if (thing !== undefined && !isNode) latest.current.setUi({ edge: thing.id });
    latest.current.setUi({ popup: { type: "menu", x: event.clientX, y: event.clientY, node: isNode ? thing.id : null, edge: thing !== undefined && !isNode ? thing.id : null } });
  }, []);

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
    { value: boxes },
    h(
      ReactFlow,
      {
        className: `${isWiring ? "wiring" : ""}${isFixed ? " fixed" : ""}`,
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
        onPaneClick,
        onEdgeClick,
        onNodeDoubleClick,
        onNodeContextMenu: onContext,
        onEdgeContextMenu: onContext,
        onPaneContextMenu: onContext,
        onDrop: (/** @type {any} */ event) => { markDrop(null); onDrop(event); },
        onDragOver,
        onInit: (/** @type {any} */ instance) => { editor.flow.current = instance; },
        connectionLineComponent: DrawnWire,
        connectionRadius: 28,
        onlyRenderVisibleElements: true,
        nodesFocusable: true,
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
        fitView: wasThere,
        defaultViewport: { x: 120, y: 160, zoom: 1 },
        fitViewOptions: { padding: 0.16, maxZoom: 1 },
        minZoom: 0.05,
        maxZoom: 2,
        colorMode: "system",
        attributionPosition: "bottom-center",
        "aria-label": word("canvas.name"),
      },
      h(Background, { variant: BackgroundVariant.Dots, gap: 24, size: 1 }),
      order.length > 3 ? h(MiniMap, { pannable: true, zoomable: true, ariaLabel: word("minimap"), nodeClassName: (/** @type {Node} */ node) => `minimap-node kind-${kindOf(node.data["node"])}`, nodeBorderRadius: 8, style: { width: 168, height: 104 } }) : null,
    ),
  );
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

/**
 * The worst finding at each node of the shown graph.
 * @param {import("../contract.js").Finding[]} findings
 * @param {(string | number)[]} scope
 * @returns {Map<string, "error" | "warning">}
 */
function marksOf(findings, scope) {
  const worst = new Map();
  const depth = scope.length;
  for (const finding of findings) {
    const parts = finding.place.split("/").slice(1);
    if (!scope.every((part, index) => String(part) === parts[index])) continue;
    const node = parts[depth] === "nodes" ? parts[depth + 1] : undefined;
    if (node !== undefined && worst.get(node) !== "error") worst.set(node, finding.severity);
  }
  return worst;
}

/**
 * What a screen reader says of each node. O(nodes + wires + findings).
 * @param {string[]} order
 * @param {any} nodes
 * @param {import("../contract.js").Finding[]} findings
 * @param {(string | number)[]} scope
 * @returns {Map<string, string>}
 */
function sentencesOf(order, nodes, findings, scope) {
  const names = new Map(order.map((id) => [id, nameOf(id, nodes?.[id])]));
  const from = sourcesOf(nodes);
  const inside = `${scope.map((part) => `/${part}`).join("")}/nodes/`;
  /** @type {Map<string | undefined, number>} */
  const problems = new Map();
  for (const { place } of findings) {
    const id = place.startsWith(inside) ? place.slice(inside.length).split("/", 1)[0] : undefined;
    problems.set(id, (problems.get(id) ?? 0) + 1);
  }
  return new Map(
    order.map((id, index) => {
      const to = waysOf(nodes?.[id]).map((edge) => names.get(edge?.node) ?? String(edge?.node));
      return [id, spoken(id, nodes?.[id], { place: index + 1, count: order.length, from: (from.get(id) ?? []).map((one) => names.get(one) ?? one), to, problems: problems.get(id) ?? 0 })];
    }),
  );
}

/** @param {any} nodes */
function sourcesOf(nodes) {
  /** @type {Map<string, string[]>} */
  const from = new Map();
  for (const [id, node] of Object.entries(isObject(nodes) ? nodes : {})) {
    for (const edge of waysOf(node)) {
      if (!isObject(edge) || typeof edge.node !== "string") continue;
      const there = from.get(edge.node);
      if (there) there.push(id);
      else from.set(edge.node, [id]);
    }
  }
  return from;
}

/**
 * Targets that the document does not have, each beside a node that leads there.
 * @param {any} nodes
 * @param {Map<string, { x: number, y: number }>} places
 */
function missingOf(nodes, places) {
  /** @type {Map<string, { x: number, y: number }>} */
  const found = new Map();
  for (const [id, node] of Object.entries(isObject(nodes) ? nodes : {})) {
    waysOf(node).forEach((edge, index) => {
      const target = isObject(edge) ? edge.node : undefined;
      if (typeof target !== "string" || target in nodes || found.has(target)) return;
      const place = places.get(id) ?? { x: 0, y: 0 };
      found.set(target, { x: place.x + 280, y: place.y + 96 * (index + 1) });
    });
  }
  return found;
}

/**
 * @param {string} id
 * @param {{ x: number, y: number }} place
 * @returns {Node}
 */
function missingNode(id, place) {
  const box = { width: 200, height: 64 };
  return {
    id, type: "card", position: place, ...box, measured: box, selectable: false, draggable: false, deletable: false, connectable: false,
    ariaLabel: word("node.absent", id),
    handles: [{ id: "in", type: "target", position: Position.Left, x: -PORT_REACH, y: 32 - PORT_REACH, width: 2 * PORT_REACH, height: 2 * PORT_REACH }],
    data: { node: { kind: word("node.no_such"), label: id }, waysIn: 0, used: "", worst: "", difference: "", spots: [{ port: "", x: 0, y: 32, side: "left" }] },
  };
}

/**
 * Where wires touch the bars of forks and joins, in the order of what is at their other ends, so that none cross there.
 * @param {any} nodes
 * @param {Map<string, { x: number, y: number, width: number, height: number }>} places
 */
function touchesOf(nodes, places) {
  const leaves = new Map(/** @type {[string, number][]} */ ([]));
  const enters = new Map(/** @type {[string, number][]} */ ([]));
  /** @type {Map<string, { key: string, wish: number }[]>} */
  const into = new Map();
  const middleOf = (/** @type {string} */ id) => { const box = places.get(id); return box ? box.y + box.height / 2 : 0; };
  const isBar = (/** @type {string} */ id) => ["parallel-fork", "join"].includes(kindOf(nodes?.[id]));
  const spread = (/** @type {string} */ bar, /** @type {{ key: string, wish: number }[]} */ ends, /** @type {Map<string, number>} */ found) => {
    const half = (places.get(bar)?.height ?? 64) / 2 - 12;
    alongBar(ends.map((end) => end.wish - middleOf(bar)), -half, half, 24).forEach((height, place) => found.set(/** @type {{ key: string }} */ (ends[place]).key, height));
  };
  for (const [id, node] of Object.entries(isObject(nodes) ? nodes : {})) {
    const out = waysOf(node).flatMap((edge, index) => (isObject(edge) && typeof edge.node === "string" && places.has(edge.node) ? [{ key: `${id}:${index}`, to: edge.node, port: portOf(node, edge) }] : []));
    for (const { key, to, port } of out) {
      if (isBar(to) && port !== "repeat") into.set(to, [...(into.get(to) ?? []), { key, wish: middleOf(id) }]);
    }
    if (kindOf(node) === "parallel-fork" || kindOf(node) === "join") {
      const plain = out.filter(({ port }) => port !== "error");
      spread(id, plain.map(({ key, to }) => ({ key, wish: middleOf(to) })), leaves);
    }
  }
  for (const [id, ends] of into) spread(id, ends, enters);
  return { leaves, enters };
}

/** @param {any} layout */
function notesOf(layout) {
  const notes = isObject(layout) && Array.isArray(layout["$notes"]) ? layout["$notes"] : [];
  return notes.map((/** @type {any} */ note) => ({ x: Number(note?.x) || 0, y: Number(note?.y) || 0, w: Number(note?.w) || 200, h: Number(note?.h) || 80, text: String(note?.text ?? "") }));
}

/**
 * @param {any} node
 * @param {string} port
 */
function knownPort(node, port) {
  const { to: _to, ...rest } = isObject(node) ? node : {};
  return allPorts(rest).includes(port);
}
