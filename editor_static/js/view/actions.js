// What can be done in the editor, by name. Rule: keys, buttons, menus and the command list all come here, so that no way of
// doing a thing can differ from another; what is done to the document is an edit, what is done to the screen is `ui`.
import { ROOT, value } from "../api.js";
import { copy, duplicate, paste } from "../document/clipboard.js";
import { addNode, addNote, applyFix, disconnect, forkWithJoin, group, insertGate, judgeGroup, judgeUngroup, maySplice, move, removeNodes, removeNote, rename, splice, tidy, ungroup } from "../document/edits.js";
import { boxesOf } from "../document/geometry.js";
import { topological, waysOf as waysAmong } from "../document/order.js";
import { say, switchLanguage, word } from "../words.js";
import { placeOf, wholeView } from "./canvas.js";
import { at, isObject, partsOf } from "./context.js";
import { glide } from "./glide.js";
import { kindOf, nameOf, waysOf } from "./look.js";
import { PATTERNS } from "./patterns.js";
import { eventWords } from "./run/events.js";
import { sceneOf } from "./scene.js";
import { written } from "./written.js";
/** @import { Editor } from "./context.js" */

/** @type {Record<string, (editor: Editor, detail: any) => unknown>} */
export const ACTIONS = {
  // --- drawing ---
  add(editor, detail) {
    const id = onlyOne(editor);
    const from = detail?.from ?? (id === null || detail?.at ? undefined : { node: id });
    const spot = detail?.x !== undefined ? { x: detail.x, y: detail.y } : besideNode(from?.node);
    editor.setUi({ popup: { type: "add", ...spot, ...(from ? { from } : {}), ...(detail?.at ? { at: detail.at } : {}) } });
  },
  insert(editor, popup) {
    const [node, index] = placeOf(popup.edge);
    editor.setUi({ popup: { type: "add", x: popup.x, y: popup.y, into: { node, index } } });
  },
  /** Put something new onto the canvas: { choice: {kind, fields?} | {pattern}, from?, into?, at? }. */
  place(editor, { choice, from, into, at: spot }) {
    const { graph } = editor;
    if (choice.pattern) {
      const pattern = PATTERNS.find((one) => one.name === choice.pattern);
      if (!pattern) return;
      const made = paste(graph, JSON.stringify({ format: "weft-clip/1", notes: [], state: {}, ...pattern.part }), spot ?? freeCentre(editor, pattern.part));
      editor.act(made.edit);
      settle(editor, made.ids[0]);
      return;
    }
    const start = from ?? (spot || into ? undefined : followed(editor));
    let made;
    if (choice.kind === "parallel-fork" && !choice.fields) made = forkWithJoin(graph, spot ?? null, { ...(start ? { from: start } : {}), ...(into ? { edge: into } : {}) });
    else if (into && maySplice(graph, into, choice.kind)) made = splice(graph, into, choice.kind, spot ?? null, { fields: choice.fields ?? {} });
    else made = addNode(graph, choice.kind, spot ?? (start || Object.keys(nodesOf(editor)).length === 0 ? null : middle(editor)), { from: start, fields: choice.fields });
    editor.act(made.edit);
    editor.announce(word("said.added", word(`kind.${choice.kind}`)));
    // What was put somewhere by hand is in view already.
    if (spot) focusNode(made.id);
    else settle(editor, made.id);
  },
  connect(editor) {
    const id = onlyOne(editor);
    if (id === null) return editor.announce(word("said.select_one"));
    editor.setUi({ popup: { type: "connect", ...besideNode(id), node: id } });
  },
  loop(editor) {
    const id = onlyOne(editor);
    if (id === null) return editor.announce(word("said.select_one"));
    const from = { node: id };
    ACTIONS["place"]?.(editor, { choice: { kind: "loop-back" }, from });
  },
  gate(editor) {
    const wire = editor.ui.edge;
    if (wire !== null) {
      const [node, index] = placeOf(wire);
      const made = insertGate(editor.graph, { node, index });
      editor.act(made.edit);
      return settle(editor, made.id);
    }
    const id = onlyOne(editor);
    ACTIONS["place"]?.(editor, { choice: { kind: "human-gate" }, from: id === null ? undefined : { node: id } });
  },
  note(editor, spot) {
    const [x, y] = Array.isArray(spot) ? spot : (middle(editor) ?? [0, 0]);
    editor.act(addNote(editor.graph, { x, y, w: 200, h: 80 }).edit);
  },
  delete(editor) {
    const { graph, ui, store } = editor;
    if (ui.edge !== null) {
      const [node, index] = placeOf(ui.edge);
      editor.setUi({ edge: null });
      editor.act(disconnect(graph, [{ node, index }]));
      editor.announce(word("said.wire_gone"));
      return;
    }
    const ids = [...editor.selection].filter((id) => id in nodesOf(editor));
    const notes = [...editor.selection].filter((id) => id.startsWith("$note:")).map((id) => Number(id.slice(6))).sort((a, b) => b - a);
    if (notes.length) {
      let now = graph;
      for (const index of notes) {
        const edit = removeNote(now, index);
        editor.act(edit);
        now = at(store.get().graph, ui.scope);
      }
    }
    if (ids.length === 0) return;
    const next = neighbour(editor, ids);
    const plain = removeNodes(graph, ids, { bridge: false });
    const bridged = removeNodes(graph, ids, { bridge: true });
    editor.act({ ...plain, select: next ? [next] : [] });
    const said = word(ids.length === 1 ? "said.gone" : "said.gone_many", ids.length === 1 ? nameOf(String(ids[0]), nodesOf(editor)[String(ids[0])]) : String(ids.length));
    editor.announce(said);
    const offers = bridged.changes.length !== plain.changes.length;
    editor.setUi({ toast: offers ? { text: said, action: { word: word("toast.bridge"), run: () => { store.undo(); editor.act(bridged); editor.announce(word("said.bridged")); } } } : { text: said, action: { word: word("action.undo"), run: () => store.undo() } } });
    if (next) focusNode(next);
  },
  group(editor, name) {
    const ids = [...editor.selection].filter((id) => id in nodesOf(editor));
    const verdict = judgeGroup(editor.graph, ids);
    if (!verdict.ok) return refuse(editor, verdict.reason);
    if (typeof name !== "string") return editor.setUi({ popup: { type: "group" } });
    const made = group(editor.graph, ids, { name });
    editor.act(made.edit);
    editor.announce(word("said.grouped", String(ids.length)));
    settle(editor, made.id);
  },
  ungroup(editor) {
    const id = onlyOne(editor);
    if (id === null) return editor.announce(word("said.select_one"));
    const verdict = judgeUngroup(editor.graph, id);
    if (!verdict.ok) return refuse(editor, verdict.reason);
    editor.act(ungroup(editor.graph, id).edit);
    editor.announce(word("said.ungrouped"));
  },
  async tidy(editor) {
    const { graph, snapshot, ui, store } = editor;
    try {
      const document_ = ui.scope.length ? { ...graph, format: "weft/1", name: graph["name"] ?? snapshot.name } : graph;
      const told = await value("POST", `api/graphs/${snapshot.name}/layout`, document_);
      const now = at(store.get().graph, ui.scope);
      const before = boxesOf(now);
      const after = Object.fromEntries(Object.entries(told.positions).map(([id, [x, y]]) => [id, /** @type {[number, number]} */ ([Math.round(x), Math.round(y)])]));
      editor.act(tidy(now, after));
      glide(before, after);
      setTimeout(() => ACTIONS["fit"]?.(editor, undefined), 260);
      editor.announce(word("said.tidied"));
    } catch (error) {
      editor.setUi({ toast: { text: word("tidy.failed", /** @type {Error} */ (error).message) } });
    }
  },
  // --- moving about ---
  walk(editor, direction) {
    const nodes = nodesOf(editor);
    const id = onlyOne(editor) ?? [...editor.selection][0] ?? null;
    if (id === null || !(id in nodes)) return show(editor, order(editor)[0]);
    const next = direction === "right" ? onward(nodes, id)[0] : direction === "left" ? backward(nodes, id)[0] : sibling(editor, id, direction === "down" ? 1 : -1);
    if (next !== undefined) show(editor, next);
  },
  next(editor, step) {
    const all = order(editor);
    const id = onlyOne(editor);
    const place = id === null ? (step > 0 ? -1 : all.length) : all.indexOf(id);
    const next = all[place + step];
    if (next === undefined) return false;
    show(editor, next);
    return true;
  },
  nudge(editor, [dx, dy]) {
    const boxes = boxesOf(editor.graph);
    const moved = [...editor.selection].filter((id) => boxes.has(id));
    if (moved.length === 0) return;
    const places = Object.fromEntries(moved.map((id) => [id, /** @type {[number, number]} */ ([(boxes.get(id)?.x ?? 0) + dx, (boxes.get(id)?.y ?? 0) + dy])]));
    editor.act(move(editor.graph, places, { typing: `nudge ${moved.join(" ")}` }));
  },
  /** Enter: into a sub-flow, else to the inspector. */
  enter(editor, which) {
    const id = typeof which === "string" ? which : onlyOne(editor);
    if (id === null) return;
    const node = nodesOf(editor)[id];
    if (kindOf(node) === "subgraph" && isObject(node.inline)) {
      editor.select([]);
      editor.setUi({ scope: [...editor.ui.scope, "nodes", id, "inline"], edge: null, face: "canvas" });
      editor.announce(word("said.inside", nameOf(id, node)));
      return;
    }
    if (kindOf(node) === "subgraph" && typeof node.graph === "string" && editor.about.graphs.some((one) => one.name === node.graph)) {
      if (typeof which === "string") {
        void editor.store.flush().finally(() => { location.href = `${ROOT}graphs/${node.graph}`; });
        return;
      }
    }
    editor.setUi({ isInspectorOpen: true });
    requestAnimationFrame(() => /** @type {HTMLElement | null} */ (document.querySelector(".side.right .form input, .side.right .form textarea, .side.right .form select"))?.focus());
  },
  back(editor, event) {
    const { ui } = editor;
    if (ui.popup) return editor.setUi({ popup: null });
    const target = /** @type {Element | null} */ (event?.target ?? null);
    const id = onlyOne(editor);
    if (target?.closest(".side.right, .json")) {
      editor.setUi({ isInspectorOpen: false });
      if (id !== null) return focusNode(id);
      return /** @type {HTMLElement | null} */ (document.querySelector(".canvas"))?.focus();
    }
    if (ui.isInspectorOpen && matchMedia("(max-width: 900px)").matches) return editor.setUi({ isInspectorOpen: false });
    if (ui.toast) editor.setUi({ toast: null });
    if (ui.edge !== null) return editor.setUi({ edge: null });
    if (editor.selection.size) {
      editor.select([]);
      return /** @type {HTMLElement | null} */ (document.querySelector(".canvas"))?.focus();
    }
    if (ui.scope.length) ACTIONS["leave"]?.(editor, ui.scope.length - 3);
    else if (ui.isDrawerOpen) editor.setUi({ isDrawerOpen: false });
  },
  /** Out of a sub-flow, to the depth of a crumb. */
  leave(editor, depth) {
    const inner = editor.ui.scope[depth + 1];
    editor.setUi({ scope: editor.ui.scope.slice(0, depth), edge: null });
    editor.select(typeof inner === "string" ? [inner] : [], editor.ui.scope.slice(0, depth));
    if (typeof inner === "string") focusNode(inner);
  },
  show: (editor, id) => show(editor, id),
  fit(editor, what) {
    const ids = what === "selection" ? [...editor.selection] : [];
    const room = document.querySelector(".canvas")?.getBoundingClientRect();
    if (room && room.width > 0) void editor.flow.current?.setViewport(wholeView(sceneOf(editor.graph, null), room.width, room.height, ids.length ? ids : undefined), { duration: calm(180) });
  },
  zoom(editor, how) {
    const flow = editor.flow.current;
    if (flow) {
      // Quick presses add up, although the first is still under way.
      const { current } = editor.wish;
      const from = current && performance.now() - current.at < 500 ? current.zoom : flow.getZoom();
      const zoom = how === "whole" ? 1 : Math.min(2, Math.max(0.05, from * (how === "in" ? 1.25 : 0.8)));
      editor.wish.current = { zoom, at: performance.now() };
      void flow.zoomTo(zoom, { duration: calm(180) });
    }
  },
  // --- editing ---
  rename(editor, detail) {
    const id = detail?.node ?? onlyOne(editor);
    if (id === null) return;
    if (typeof detail?.name === "string") return editor.act(rename(editor.graph, id, detail.name));
    editor.setUi({ popup: { type: "rename", node: id } });
  },
  undo: (editor) => { const { undoTitle } = editor.snapshot; editor.store.undo(); if (undoTitle) editor.announce(word("said.undone", say(undoTitle))); },
  redo: (editor) => { const { redoTitle } = editor.snapshot; editor.store.redo(); if (redoTitle) editor.announce(word("said.redone", say(redoTitle))); },
  /** The clipboard by a menu, where the browser sends no event of its own. */
  async copy(editor) {
    const text = clip(editor);
    if (text) await navigator.clipboard.writeText(text).then(() => editor.announce(word("said.copied")), () => editor.setUi({ toast: { text: word("clipboard.refused") } }));
  },
  async cut(editor) {
    await ACTIONS["copy"]?.(editor, undefined);
    ACTIONS["delete"]?.(editor, undefined);
  },
  async paste(editor) {
    await navigator.clipboard.readText().then((text) => pasteText(editor, text), () => editor.setUi({ toast: { text: word("clipboard.refused") } }));
  },
  duplicate(editor) {
    const ids = [...editor.selection].filter((id) => id in nodesOf(editor));
    if (ids.length === 0) return;
    const made = duplicate(editor.graph, ids);
    editor.act(made.edit);
    editor.announce(word("said.duplicated", String(made.ids.length)));
    settle(editor, made.ids[0]);
  },
  all: (editor) => editor.select(Object.keys(nodesOf(editor))),
  // --- everything else ---
  commands: (editor) => editor.setUi({ popup: { type: "commands" } }),
  keys: (editor) => editor.setUi({ popup: { type: "keys" } }),
  problem(editor, step) {
    const count = editor.snapshot.findings.length;
    if (count === 0) return editor.announce(word("problems.none"));
    const now = editor.ui.problem;
    const next = now < 0 || now >= count ? (step > 0 ? 0 : count - 1) : (now + (step ?? 1) + count) % count;
    ACTIONS["show_problem"]?.(editor, next);
  },
  show_problem(editor, index) {
    const finding = editor.snapshot.findings[index];
    if (!finding) return;
    showPlace(editor, finding.place, { drawer: "problems", isDrawerOpen: true, problem: index });
    editor.announce(word("problems.said", String(index + 1), String(editor.snapshot.findings.length), finding.message));
  },
  /** What a place of the document (a JSON Pointer) is about: its node, wire, text box or field. */
  show_place: (editor, place) => showPlace(editor, place, {}),
  fix: (editor, finding) => editor.store.do(applyFix(editor.snapshot.graph, finding.fix)),
  async save(editor) {
    try {
      await editor.store.flush();
      editor.announce(word("save.saved"));
    } catch (error) {
      if (editor.store.get().conflict) editor.setUi({ popup: { type: "conflict" } });
      else editor.setUi({ toast: { text: String(/** @type {any} */ (error)?.message ?? word("save.refused")) } });
    }
  },
  run: (editor) => editor.setUi({ mode: "run", isStarting: true }),
  json: (editor) => editor.setUi({ mode: "build", face: "json" }),
  outline: (editor) => editor.setUi({ mode: "build", left: "outline" }),
  history: (editor) => editor.setUi({ mode: "history" }),
  language: () => switchLanguage(),
  /** An event back or on in the last run; its drawer opens, so that what changed is seen. */
  scrub(editor, step) {
    const { last, ui } = editor;
    last.want();
    if (!ui.isDrawerOpen || ui.drawer === "problems") editor.setUi({ drawer: "timeline", isDrawerOpen: true });
    const { store } = last.get();
    if (!store) return;
    store.step(step);
    const { n, length } = store.get();
    const event = store.chronicle.events[n - 1];
    editor.announce(word("said.moment", String(n), String(length), event ? eventWords(event) : ""));
  },
  /** A node by its path in a run: into the sub-flow where it stands in this document, else the node around it. */
  show_ran(editor, path) {
    const [first = "", ...rest] = path.split("/").map((/** @type {string} */ part) => part.split("!")[0] ?? "");
    const ids = [first, ...rest];
    /** @type {import("../contract.js").Path} */
    const scope = [];
    let graph = editor.snapshot.graph;
    for (const id of ids.slice(0, -1)) {
      const inner = at(graph, ["nodes", id, "inline"]);
      if (!isObject(inner)) break;
      scope.push("nodes", id, "inline");
      graph = inner;
    }
    const id = ids[scope.length / 3] ?? "";
    if (at(graph, ["nodes", id]) === undefined) return editor.announce(word("said.no_node", id));
    editor.setUi({ mode: "build", face: "canvas", scope, edge: null, isInspectorOpen: true });
    editor.select([id], scope);
    if (scope.join("/") === editor.ui.scope.join("/")) reveal(editor, id);
  },
  export: (editor) => editor.setUi({ popup: { type: "export", x: innerWidth - 260, y: 56 } }),
  async download(editor, ending) {
    const { name, graph } = editor.snapshot;
    try {
      if (ending === "json") return save(`${name}.json`, new Blob([written(graph)], { type: "application/json" }));
      // The picture is of the saved graph, so that is made sure of first.
      await editor.store.flush();
      const answer = await fetch(`${ROOT}api/graphs/${name}/diagram.${ending}`);
      if (!answer.ok) throw new Error((await answer.json()).detail);
      save(`${name}.${ending}`, await answer.blob());
    } catch (error) {
      editor.setUi({ toast: { text: word("export.failed", String(/** @type {any} */ (error)?.message ?? "")) } });
    }
  },
  import(editor) {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = ".json,application/json";
    input.addEventListener("change", async () => { const file = input.files?.[0]; if (file) pasteText(editor, await file.text()); });
    input.click();
  },
};

/**
 * What is selected as text for the clipboard, or "".
 * @param {Editor} editor
 */
export function clip(editor) {
  const ids = [...editor.selection].filter((id) => id in nodesOf(editor));
  const notes = [...editor.selection].filter((id) => id.startsWith("$note:")).map((id) => Number(id.slice(6)));
  return ids.length + notes.length ? copy(editor.graph, ids, { notes }) : "";
}

/**
 * Put in what came from the clipboard or a file; a text that is nothing of ours is said to be that.
 * @param {Editor} editor
 * @param {string} text
 * @param {[number, number]} [spot]
 */
export function pasteText(editor, text, spot) {
  try {
    const made = paste(editor.graph, text, spot ?? pointer(editor));
    editor.act(made.edit);
    editor.announce(word("said.pasted", String(made.ids.length)));
    settle(editor, made.ids[0]);
  } catch (error) {
    const reason = /** @type {any} */ (error)?.reason;
    editor.setUi({ toast: { text: reason ? say(reason) : word("clipboard.strange") } });
  }
}

/** @param {Editor} editor @returns {Record<string, any>} */
function nodesOf(editor) {
  return isObject(editor.graph["nodes"]) ? editor.graph["nodes"] : {};
}

/** The one selected node, or null. @param {Editor} editor */
function onlyOne(editor) {
  const chosen = [...editor.selection].filter((id) => id in nodesOf(editor));
  return chosen.length === 1 ? /** @type {string} */ (chosen[0]) : null;
}

/** What a new node follows if nothing is said: the selected node if something may follow it. @param {Editor} editor */
function followed(editor) {
  const id = onlyOne(editor);
  return id === null || kindOf(nodesOf(editor)[id]) === "end" ? undefined : { node: id };
}

/** @param {Editor} editor */
function order(editor) {
  return topological(waysAmong(editor.graph));
}

/**
 * @param {Record<string, any>} nodes
 * @param {string} id
 * @returns {string[]}
 */
function onward(nodes, id) {
  return waysOf(nodes[id]).map((edge) => edge?.node).filter((one) => one in nodes);
}

/**
 * @param {Record<string, any>} nodes
 * @param {string} id
 */
function backward(nodes, id) {
  return Object.keys(nodes).filter((one) => waysOf(nodes[one]).some((edge) => edge?.node === id && edge?.on !== "repeat"));
}

/**
 * The node above or below, among those that share a way in or out; else the nearest on the canvas in that direction.
 * @param {Editor} editor
 * @param {string} id
 * @param {1 | -1} step
 */
function sibling(editor, id, step) {
  const boxes = boxesOf(editor.graph);
  const here = boxes.get(id);
  if (!here) return undefined;
  let best;
  let least = Infinity;
  for (const [other, box] of boxes) {
    const down = (box.y + box.height / 2 - here.y - here.height / 2) * step;
    const across = Math.abs(box.x + box.width / 2 - here.x - here.width / 2);
    if (other === id || down <= 4 || across > down * 2 + 160) continue;
    const cost = down + across * 2;
    if (cost < least) [least, best] = [cost, other];
  }
  return best;
}

/** Which node has the focus after some are gone. @param {Editor} editor @param {string[]} ids */
function neighbour(editor, ids) {
  const nodes = nodesOf(editor);
  const gone = new Set(ids);
  const first = /** @type {string} */ (ids[0]);
  return [...backward(nodes, first), ...onward(nodes, first)].find((one) => !gone.has(one)) ?? null;
}

/** @param {Editor} editor @param {string | undefined} id */
function show(editor, id) {
  if (id === undefined || !(id in nodesOf(editor))) return;
  editor.select([id]);
  editor.setUi({ edge: null });
  reveal(editor, id);
  focusNode(id);
}

/**
 * Select what a place of the document is about, in the sub-flow in which it is, and open its field.
 * @param {Editor} editor
 * @param {string} place
 * @param {Partial<import("./context.js").Ui>} also
 */
function showPlace(editor, place, also) {
  const parts = partsOf(place);
  const scope = [];
  while (parts[scope.length] === "nodes" && parts[scope.length + 2] === "inline" && parts.length > scope.length + 3) scope.push(...parts.slice(scope.length, scope.length + 3));
  const rest = parts.slice(scope.length);
  const [room, id, field, index] = rest;
  const inner = at(editor.snapshot.graph, scope);
  const isWire = room === "nodes" && field === "to" && index !== undefined;
  editor.setUi({ mode: "build", face: "canvas", scope, edge: isWire ? `${id}:${index}` : null, isInspectorOpen: true, field: `/${rest.join("/")}`, ...also });
  if (room === "nodes" && id !== undefined && at(inner, ["nodes", id]) !== undefined) {
    editor.select(isWire ? [] : [id], scope);
    reveal({ ...editor, graph: inner }, id);
  } else editor.select(room === "layout" && id === "$notes" && field !== undefined ? [`$note:${field}`] : [], scope);
}

/** Bring a node into view if it is not. @param {Editor} editor @param {string} id */
function reveal(editor, id) {
  const flow = editor.flow.current;
  const box = boxesOf(editor.graph).get(id);
  const pane = document.querySelector(".canvas")?.getBoundingClientRect();
  if (!flow || !box || !pane || pane.width === 0) return;
  const { x, y, zoom } = flow.getViewport();
  const [left, top] = [box.x * zoom + x, box.y * zoom + y];
  if (zoom >= 0.35 && left > 24 && top > 40 && left + box.width * zoom < pane.width - 24 && top + box.height * zoom < pane.height - 60) return;
  void flow.setCenter(box.x + box.width / 2, box.y + box.height / 2, { zoom: Math.max(zoom, 0.7), duration: 0 });
}

/** @param {Editor} editor @param {string | undefined} id */
function settle(editor, id) {
  if (id === undefined) return;
  requestAnimationFrame(() => reveal({ ...editor, graph: at(editor.store.get().graph, editor.ui.scope) }, id));
  focusNode(id);
}

/**
 * Give a node of the canvas, or its line of the outline, the focus as soon as it is drawn.
 * @param {string} id
 */
export function focusNode(id, tries = 10) {
  requestAnimationFrame(() => {
    const name = CSS.escape(id);
    const card = /** @type {HTMLElement | null} */ (document.querySelector(`.react-flow__node[data-id="${name}"]`));
    const line = /** @type {HTMLElement | null} */ (document.querySelector(`.outline [data-node="${name}"]`));
    const isOutline = line && (document.activeElement?.closest("[data-keys=outline]") || !card || card.getClientRects().length === 0);
    const target = isOutline ? line : card;
    if (target && target.getClientRects().length) target.focus({ preventScroll: !isOutline });
    else if (tries > 0) focusNode(id, tries - 1);
  });
}

/** @param {Editor} editor @param {import("../contract.js").Said} reason */
function refuse(editor, reason) {
  editor.setUi({ popup: { type: "refusal", x: innerWidth / 2 - 160, y: innerHeight / 3, reason } });
  editor.announce(say(reason));
}

/** @param {string | undefined} id */
function besideNode(id) {
  const card = id === undefined ? null : (document.querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`) ?? document.querySelector(`.outline [data-node="${CSS.escape(id)}"]`));
  const box = card?.getBoundingClientRect();
  if (box && box.width) return { x: box.right + 12, y: box.top };
  const pane = document.querySelector(".canvas")?.getBoundingClientRect();
  return pane && pane.width ? { x: pane.left + pane.width / 2 - 160, y: pane.top + 96 } : { x: 24, y: 120 };
}

/** The middle of what is seen, on the grid. @param {Editor} editor @returns {[number, number] | null} */
function middle(editor) {
  const pane = document.querySelector(".canvas")?.getBoundingClientRect();
  const flow = editor.flow.current;
  if (!pane || !flow || pane.width === 0) return null;
  const spot = flow.screenToFlowPosition({ x: pane.left + pane.width / 2, y: pane.top + pane.height / 2 });
  return [Math.round((spot.x - 100) / 8) * 8, Math.round((spot.y - 32) / 8) * 8];
}

/** Below all that is there, in the middle of what is seen. @param {Editor} editor @param {any} part @returns {[number, number] | null} */
function freeCentre(editor, part) {
  const boxes = [...boxesOf(editor.graph).values()];
  const xs = Object.values(part.layout).map((/** @type {any} */ one) => one[0]);
  const ys = Object.values(part.layout).map((/** @type {any} */ one) => one[1]);
  const [width, height] = [Math.max(...xs) + 200, Math.max(...ys) + 64];
  if (boxes.length === 0) return [width / 2, height / 2];
  const left = Math.min(...boxes.map((box) => box.x));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return [left + width / 2, bottom + 96 + height / 2];
}

/** Where the pointer was last over the canvas. @param {Editor} editor @returns {[number, number] | null} */
function pointer(editor) {
  const spot = editor.pointer.current;
  if (!spot || !editor.flow.current) return null;
  const { x, y } = editor.flow.current.screenToFlowPosition(spot);
  return [x, y];
}

/** @param {string} name @param {Blob} content */
function save(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** @param {number} ms */
function calm(ms) {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms;
}

