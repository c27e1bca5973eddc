// A sub-flow back to its nodes. Rule: the graph means the same afterwards; what only a sub-flow can have (attempts, a
// time-out, a catch, a list of items) would be lost, so there it is refused with the reason.

/** @import { Edit, Graph, Json, JsonObject, Verdict } from "../contract.d.ts" */

import { isObject, isSame, valueAt } from "./changes.js";
import { Draft } from "./draft.js";
import { boxesOf, positionOf } from "./geometry.js";
import { EXECUTING_FIELDS, edgesOf, freshId, isUnconditional, kindOf, labelOf, nodeAt, nodesOf, portOf, targetOf } from "./kinds.js";
import { startOf, waysOf } from "./order.js";
import { Refused } from "./patch.js";
import { followIds, mentionsInTemplate, ownerOf, rewriteSpots, rewritten, spotsOf, spotsOfNode } from "./references.js";
import { addWire } from "./repairs.js";

/** @typedef {import("./references.js").Steps} Steps */

/**
 * Whether a sub-flow can become nodes of this graph.
 * @param {Graph} graph
 * @param {string} id
 * @returns {Verdict}
 */
export function judgeUngroup(graph, id) {
  try {
    ungroup(graph, id);
    return { ok: true };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, reason: error.reason };
    throw error;
  }
}

/**
 * The nodes of an inline graph take the place of its subgraph node.
 * @param {Graph} graph
 * @param {string} id
 * @returns {{ edit: Edit, ids: string[] }}
 * @throws {Refused} see `judgeUngroup`
 */
export function ungroup(graph, id) {
  const opening = new Opening(graph, id);
  const draft = opening.carriedOut();
  const ids = [...opening.ids.values()].filter((node) => nodeAt(draft.graph, node));
  return { edit: draft.done(["edit.ungroup", labelOf(graph, id)], { select: ids }), ids };
}

class Opening {
  /**
   * @param {Graph} graph
   * @param {string} id
   * @throws {Refused}
   */
  constructor(graph, id) {
    this.graph = graph;
    this.id = id;
    this.node = nodeAt(graph, id) ?? {};
    const inline = this.node.inline;
    if (kindOf(this.node) !== "subgraph" || !isObject(inline)) throw new Refused(["ungroup.notInline", labelOf(graph, id)]);
    this.inner = inline;
    this.#check();
    this.ways = waysOf(this.inner);
    const start = startOf(this.ways);
    if (start === undefined) throw new Refused(["ungroup.empty", labelOf(graph, id)]);
    this.start = start;
    const taken = new Set(Object.keys(nodesOf(graph)).filter((other) => other !== id));
    this.ids = new Map(this.ways.ids.map((node) => {
      const fresh = freshId(taken, node);
      taken.add(fresh);
      return [node, fresh];
    }));
    this.taken = taken;
    this.keys = this.#stateKeys();
    this.follow = followIds(this.ids, (node) => kindOf(nodeAt(this.inner, node)) === "join");
  }

  #check() {
    const label = labelOf(this.graph, this.id);
    const field = [...EXECUTING_FIELDS, "lock"].find((name) => this.node[name] !== undefined);
    if (field !== undefined) throw new Refused(["ungroup.field", label, field]);
    const own = ["limits", "on_failure"].find((name) => this.inner[name] !== undefined);
    if (own !== undefined) throw new Refused(["ungroup.field", label, own]);
    if (edgesOf(this.node).some((edge) => portOf(this.node, edge) === "error")) throw new Refused(["ungroup.error", label]);
    if (this.node.output_key !== undefined) throw new Refused(["ungroup.whole", label]);
    for (const [name, node] of Object.entries(nodesOf(this.inner))) {
      if (kindOf(node) === null) throw new Refused(["group.broken", name]);
      if (kindOf(node) === "end" && isObject(node) && (node.output !== undefined || node.fail !== undefined)) throw new Refused(["ungroup.end", name]);
    }
  }

  /** Keys of the inner state to those of this graph. One that is handed out under its own name is the outer one. */
  #stateKeys() {
    const outer = isObject(this.graph.state) ? this.graph.state : {};
    const taken = new Set(Object.keys(outer));
    const keys = new Map(/** @type {[string, string][]} */ ([]));
    for (const [key, declared] of Object.entries(isObject(this.inner.state) ? this.inner.state : {})) {
      const isHandedOut = isSame(outer[key], declared) && this.#outputSteps(key)?.[1] === key && valueAt(this.node, ["save", key]) !== undefined;
      const name = isHandedOut ? key : freshId(taken, key);
      taken.add(name);
      keys.set(key, name);
    }
    return keys;
  }

  /**
   * What one part of the inner output leads to, in the inner graph's names; null where it is no plain name.
   * @param {string} key
   * @returns {Steps | null}
   */
  #outputSteps(key) {
    return loneSteps(valueAt(this.inner, ["output", key]));
  }

  /**
   * A name of the inner graph as one of this graph.
   * @param {Steps} steps
   * @param {string | null} owner
   * @returns {Steps | null}
   */
  #outward(steps, owner) {
    const [root, name, ...rest] = steps;
    if (root === "state" && this.keys.has(String(name))) return ["state", /** @type {string} */ (this.keys.get(String(name))), ...rest];
    if (root !== "input") return this.follow(steps, owner);
    const given = name === undefined ? null : loneSteps(valueAt(this.node, ["args", name]));
    if (given === null) throw new Refused(["ungroup.argument", String(name ?? "input")]);
    return [...given, ...rest];
  }

  /**
   * A name of this graph that leads into the sub-flow's output; null where it does not.
   * @param {Steps} steps
   * @param {string | null} owner
   * @returns {Steps | null}
   */
  #inward(steps, owner) {
    const [root, name, field, key] = steps;
    const isDirect = root === "nodes" && name === this.id;
    const isJoined = root === "nodes" && field === "output" && key === this.id && kindOf(nodeAt(this.graph, String(name))) === "join";
    const isOwn = root === "output" && owner !== null && (owner === this.id || (name === this.id && kindOf(nodeAt(this.graph, owner)) === "join"));
    if (!isDirect && !isJoined && !isOwn) return null;
    const rest = isDirect ? (field === "output" ? steps.slice(3) : []) : isJoined ? steps.slice(4) : owner === this.id ? steps.slice(1) : steps.slice(2);
    const [part, ...further] = rest;
    const inner = part === undefined ? null : this.#outputSteps(String(part));
    if (inner === null) throw new Refused(["ungroup.output", String(part ?? "output")]);
    return [...(this.#outward(inner, null) ?? inner), ...further];
  }

  /** @returns {Draft} */
  carriedOut() {
    const { graph, id, inner } = this;
    const draft = new Draft(graph);
    for (const [key, name] of this.keys) {
      if (valueAt(draft.graph, ["state", name]) === undefined) draft.set(["state", name], valueAt(inner, ["state", key]) ?? {});
    }
    const corner = positionOf(graph, id) ?? [0, 0];
    const boxes = boxesOf(inner);
    const first = boxes.get(this.start) ?? { x: 0, y: 0 };
    for (const [old, fresh] of this.ids) {
      const node = this.#moved(/** @type {JsonObject} */ (nodeAt(inner, old)));
      draft.do({ op: "put", path: ["nodes", fresh === id ? "\u0000" : fresh], value: node, before: id });
      const box = boxes.get(old) ?? first;
      draft.place(fresh, [corner[0] + box.x - first.x, corner[1] + box.y - first.y]);
    }
    this.#putBack(draft);
    for (const fresh of this.ids.values()) {
      const old = [...this.ids].find(([, other]) => other === fresh)?.[0] ?? null;
      rewriteSpots(draft, spotsOfNode(nodeAt(draft.graph, fresh), ["nodes", fresh]), (steps) => this.#outward(steps, old));
    }
    this.#leadOn(draft);
    const inside = new Set(this.ids.values());
    rewriteSpots(draft, spotsOf(draft.graph).filter((spot) => !inside.has(ownerOf(spot) ?? "")), (steps, spot) => this.#inward(steps, ownerOf(spot)));
    return draft;
  }

  /**
   * Take the subgraph node out; an inner node may be called as it was.
   * @param {Draft} draft
   */
  #putBack(draft) {
    const own = [...this.ids].find(([, fresh]) => fresh === this.id)?.[0];
    const place = own === undefined ? undefined : valueAt(draft.graph, ["layout", this.id]);
    for (const [source, node] of Object.entries(nodesOf(draft.graph))) {
      edgesOf(node).forEach((edge, index) => {
        const isOuter = !this.#isInner(source);
        if (isOuter && targetOf(edge) === this.id) draft.set(["nodes", source, "to", index, "node"], /** @type {string} */ (this.ids.get(this.start)));
      });
    }
    draft.dropNode(this.id);
    if (own === undefined) return;
    const keys = Object.keys(nodesOf(draft.graph));
    const value = /** @type {Json} */ (nodesOf(draft.graph)["\u0000"]);
    draft.do({ op: "put", path: ["nodes", this.id], value, before: keys[keys.indexOf("\u0000") + 1] ?? null });
    draft.do({ op: "drop", path: ["nodes", "\u0000"] });
    if (place !== undefined) draft.set(["layout", this.id], place);
  }

  /** @param {string} source an id of the draft */
  #isInner(source) {
    return source === "\u0000" || (source !== this.id && [...this.ids.values()].includes(source));
  }

  /**
   * An inner node with its edges and writes in this graph's names.
   * @param {JsonObject} node
   * @returns {JsonObject}
   */
  #moved(node) {
    const moved = { ...node };
    if (Array.isArray(node.to)) moved.to = node.to.map((edge) => (isObject(edge) ? { ...edge, node: this.ids.get(String(edge.node)) ?? edge.node ?? "" } : edge));
    if (typeof node.output_key === "string") moved.output_key = this.keys.get(node.output_key) ?? node.output_key;
    if (isObject(node.save)) moved.save = Object.fromEntries(Object.entries(node.save).map(([key, value]) => [this.keys.get(key) ?? key, value]));
    return moved;
  }

  /**
   * What followed the sub-flow follows the last of its nodes: at once where there is one and nothing is written, else by
   * way of a join that waits for them all.
   * @param {Draft} draft
   */
  #leadOn(draft) {
    const to = edgesOf(this.node);
    const save = this.#save();
    const ends = this.ways.ids.filter((id) => kindOf(nodeAt(this.inner, id)) === "end");
    const last = this.#last();
    const [only] = last;
    const [edge] = to;
    const isJoin = only !== undefined && kindOf(nodeAt(draft.graph, only)) === "join" && nodeAt(draft.graph, only)?.save === undefined;
    const isSimple = last.length === 1 && ends.length === 0 && only !== undefined && kindOf(nodeAt(draft.graph, only)) !== "parallel-fork";
    if (to.length === 0 && save === null && ends.length === 0) return;
    if (isSimple && (isJoin || (save === null && to.length === 1 && isUnconditional(edge)))) {
      if (save) draft.set(["nodes", only, "save"], save);
      if (isJoin) draft.set(["nodes", only, "to"], to);
      else addWire(draft, { node: only, to: String(targetOf(edge)) });
      this.#owned(draft, only);
      return;
    }
    const done = freshId(new Set([...this.taken, this.id]), `${this.id}_done`);
    const boxes = boxesOf(draft.graph);
    const right = Math.max(...[...this.ids.values()].flatMap((id) => { const box = boxes.get(id); return box ? [box.x + box.width] : []; }));
    draft.addNode(done, { kind: "join", ...(save ? { save } : {}), ...(to.length > 0 ? { to } : {}) }, [right + 80, positionOf(this.graph, this.id)?.[1] ?? 0]);
    for (const id of last) addWire(draft, { node: id, to: done });
    for (const old of ends) this.#leadPast(draft, /** @type {string} */ (this.ids.get(old)), done);
    this.#owned(draft, done);
  }

  /**
   * What was the sub-flow's own (`output` in its writes and conditions) stands in another node now.
   * @param {Draft} draft
   * @param {string} id
   */
  #owned(draft, id) {
    const spots = spotsOfNode(nodeAt(draft.graph, id), ["nodes", id]).filter((spot) => spot.path[2] === "save" || spot.path[2] === "to");
    rewriteSpots(draft, spots, (steps) => this.#inward(steps, this.id));
  }

  /**
   * Lead what led to an inner end to another node, and take the end out.
   * @param {Draft} draft
   * @param {string} end
   * @param {string} to
   */
  #leadPast(draft, end, to) {
    for (const [source, node] of Object.entries(nodesOf(draft.graph))) {
      edgesOf(node).forEach((edge, index) => {
        if (targetOf(edge) === end) draft.set(["nodes", source, "to", index, "node"], to);
      });
    }
    draft.dropNode(end);
  }

  /** The new ids of the inner nodes at which a path ends. */
  #last() {
    return this.ways.ids.flatMap((id) => {
      const node = nodeAt(this.inner, id);
      const kind = kindOf(node);
      if (kind === "end" || kind === "human-gate") return [];
      if (kind === "loop-back" && node?.while === undefined && node?.on_limit !== "exit") return [];
      const isLeft = edgesOf(node).some((edge) => portOf(node, edge) === portOf(node, {}));
      return isLeft ? [] : [/** @type {string} */ (this.ids.get(id))];
    });
  }

  /** The sub-flow's writes, less those that only hand a key out under its own name; null where none are left. */
  #save() {
    const save = isObject(this.node.save) ? this.node.save : {};
    const left = Object.entries(save).filter(([key, value]) => {
      const steps = loneSteps(value);
      const inner = steps?.[0] === "output" && steps.length === 2 ? this.#outputSteps(String(steps[1])) : null;
      return !(inner?.[0] === "state" && inner.length === 2 && this.keys.get(String(inner[1])) === key);
    });
    return left.length > 0 ? Object.fromEntries(left) : null;
  }
}

/**
 * The name that a template consists of; null where it is more or less than one.
 * @param {Json | undefined} value
 * @returns {Steps | null}
 */
function loneSteps(value) {
  if (typeof value !== "string") return null;
  const [mention, ...more] = mentionsInTemplate(value);
  const isLone = mention !== undefined && more.length === 0 && rewritten(value, false, () => ["x"]).replace(/^\{x\??\}$/, "") === "";
  return isLone ? mention.steps : null;
}
