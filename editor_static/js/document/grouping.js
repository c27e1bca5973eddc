// Nodes to a sub-flow. Rule: the graph means the same afterwards: what the nodes read from outside is handed in, what
// others read of them is handed out, and where that cannot be it is refused with the reason.

/** @import { Edit, Graph, JsonObject, Said, Verdict } from "../contract.d.ts" */

import { isObject, valueAt } from "./changes.js";
import { Draft } from "./draft.js";
import { boxesOf, positionOf } from "./geometry.js";
import { alwaysTaken } from "./repairs.js";
import { edgesOf, freshId, isUnconditional, kindOf, labelOf, newId, nodeAt, nodesOf, portOf, suggestedId } from "./kinds.js";
import { writesOf } from "./names.js";
import { loopsOf, ranBefore, reached, waysOf } from "./order.js";
import { Refused } from "./patch.js";
import { mentionsIn, ownerOf, rewriteSpots, spotsOf, spotsOfNode, writtenSteps } from "./references.js";

export { judgeUngroup, ungroup } from "./ungrouping.js";

/** @typedef {import("./references.js").Steps} Steps */

/**
 * Whether nodes can become a sub-flow. The way out takes the nodes along that belong to it.
 * @param {Graph} graph
 * @param {readonly string[]} ids
 * @returns {Verdict}
 */
export function judgeGroup(graph, ids) {
  try {
    new Grouping(graph, ids);
    return { ok: true };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const whole = closed(graph, ids);
    if (whole.length === ids.length || !judgeGroup(graph, whole).ok) return { ok: false, reason: error.reason };
    const title = /** @type {Said} */ (["wayOut.groupMore", String(whole.length - ids.length)]);
    return { ok: false, reason: error.reason, wayOut: { title, get edit() { return group(graph, whole, {}).edit; } } };
  }
}

/**
 * Nodes become the inline graph of a subgraph node.
 * @param {Graph} graph
 * @param {readonly string[]} ids
 * @param {{ name?: string }} how
 * @returns {{ edit: Edit, id: string }}
 * @throws {Refused} see `judgeGroup`
 */
export function group(graph, ids, { name = "" }) {
  const grouping = new Grouping(graph, ids);
  const id = newId(nodesOf(graph), "subgraph", { label: name });
  const draft = grouping.carriedOut(id, name);
  return { edit: draft.done(["edit.group", String(grouping.inside.size)], { select: [id] }), id };
}

/**
 * The nodes with all that must go along: what lies between them, and loops as a whole.
 * @param {Graph} graph
 * @param {readonly string[]} ids
 * @returns {string[]}
 */
function closed(graph, ids) {
  const ways = waysOf(graph);
  const loops = loopsOf(ways);
  let inside = new Set(ids);
  for (let size = -1; size !== inside.size; ) {
    size = inside.size;
    const after = reached(ways, inside);
    const before = reached(ways, inside, { backwards: true });
    for (const id of after) if (before.has(id)) inside.add(id);
    for (const { header, loopBacks, body } of loops) {
      if (loopBacks.some((id) => inside.has(id) !== inside.has(header))) inside = new Set([...inside, ...body]);
    }
  }
  return ways.ids.filter((id) => inside.has(id));
}

class Grouping {
  /**
   * @param {Graph} graph
   * @param {readonly string[]} ids
   * @throws {Refused}
   */
  constructor(graph, ids) {
    this.graph = graph;
    this.ways = waysOf(graph);
    this.inside = new Set(this.ways.ids.filter((id) => ids.includes(id)));
    if (this.inside.size === 0) throw new Refused(["group.nothing"]);
    this.#checkWhole();
    this.entry = this.#entry();
    this.exit = this.#exit();
    const mentions = mentionsIn(spotsOf(graph));
    this.within = mentions.filter(({ spot }) => this.inside.has(ownerOf(spot) ?? ""));
    this.outside = mentions.filter(({ spot }) => !this.inside.has(ownerOf(spot) ?? ""));
    /** Keys of the state that move inside; `shared`: that are handed out too. */
    this.written = new Set([...this.inside].flatMap((id) => writesOf(nodeAt(graph, id))));
    this.shared = new Set([...this.written].filter((key) => this.#isUsedOutside(key)));
    for (const key of this.written) this.#checkKey(key);
    this.#checkReads();
    /** Written path of what is handed in or out -> its name. @type {Map<string, string>} */
    this.given = new Map();
    /** @type {Map<string, string>} */
    this.told = new Map();
    for (const { mention, spot } of this.within) this.#give(mention.steps, ownerOf(spot) ?? "");
    for (const { mention } of this.outside) this.#tell(mention.steps);
    for (const key of this.shared) this.#named(this.told, ["state", key], key);
  }

  /** @param {string} id */
  #label(id) {
    return labelOf(this.graph, id);
  }

  #checkWhole() {
    const { inside, ways } = this;
    const after = reached(ways, inside);
    const before = reached(ways, inside, { backwards: true });
    const hole = [...after].find((id) => before.has(id) && !inside.has(id));
    if (hole !== undefined) throw new Refused(["group.hole", this.#label(hole)]);
    const torn = ways.repeats.find(({ node, to }) => inside.has(node) !== inside.has(to));
    if (torn) throw new Refused(["group.loop", this.#label(torn.to)]);
    const end = [...inside].find((id) => kindOf(nodeAt(this.graph, id)) === "end");
    if (end !== undefined) throw new Refused(["group.end", this.#label(end)]);
    const broken = [...inside].find((id) => kindOf(nodeAt(this.graph, id)) === null);
    if (broken !== undefined) throw new Refused(["group.broken", broken]);
  }

  /** The one node at which the group begins. */
  #entry() {
    const { inside, ways } = this;
    const begins = [...inside].filter((id) => (ways.into.get(id) ?? []).every((way) => !inside.has(way.node)));
    const entered = [...inside].filter((id) => (ways.into.get(id) ?? []).some((way) => !inside.has(way.node)));
    const all = new Set([...begins, ...entered]);
    const [entry] = all;
    if (all.size > 1 || entry === undefined) throw new Refused(["group.entries", [...all].map((id) => this.#label(id)).join(", ")]);
    const into = ways.into.get(entry) ?? [];
    if (kindOf(nodeAt(this.graph, entry)) === "join" && into.length > 1) throw new Refused(["group.joinFirst", this.#label(entry)]);
    return entry;
  }

  /** The one node outside that follows, and the edges to it; null where none does. */
  #exit() {
    const { inside, ways } = this;
    const out = [...inside].flatMap((id) => (ways.out.get(id) ?? []).filter((way) => !inside.has(way.to)));
    const targets = [...new Set(out.map((way) => way.to))];
    const [target] = targets;
    if (targets.length > 1) throw new Refused(["group.exits", targets.map((id) => this.#label(id)).join(", ")]);
    if (target === undefined) return null;
    if (kindOf(nodeAt(this.graph, target)) === "join" && out.length > 1) throw new Refused(["group.joinAfter", this.#label(target)]);
    return { target, out };
  }

  /** @param {string} key */
  #isUsedOutside(key) {
    const isRead = this.outside.some(({ mention: { steps } }) => steps[0] === "state" && (steps[1] === key || steps.length === 1));
    return isRead || this.#isWrittenOutside(key);
  }

  /** @param {string} key */
  #isWrittenOutside(key) {
    return Object.entries(nodesOf(this.graph)).some(([id, node]) => !this.inside.has(id) && writesOf(node).includes(key));
  }

  /**
   * A key that is written inside and used outside can be handed out only if its last value is all that counts.
   * @param {string} key
   */
  #checkKey(key) {
    const declared = valueAt(this.graph, ["state", key]);
    const merge = isObject(declared) && declared.merge !== undefined ? declared.merge : "replace";
    if (!this.shared.has(key)) return;
    if (merge !== "replace") throw new Refused(["group.merged", key]);
    const isFilled = this.#isWrittenOutside(key) || (isObject(declared) && declared.default !== undefined);
    const readers = new Set(this.within.filter(({ mention: { steps } }) => steps[0] === "state" && steps[1] === key).map(({ spot }) => ownerOf(spot) ?? ""));
    for (const id of readers) {
      const { before } = ranBefore(this.graph, id);
      const isOwn = [...before].some((other) => this.inside.has(other) && writesOf(nodeAt(this.graph, other)).includes(key));
      if (isFilled && !isOwn) throw new Refused(["group.readFirst", key, this.#label(id)]);
    }
  }

  /** Names that cannot be followed. */
  #checkReads() {
    const whole = [...this.within, ...this.outside].find(({ mention: { steps } }) =>
      (steps[0] === "state" && steps.length === 1) || (steps[0] === "nodes" && (steps.length === 1 || (steps.length === 2 && this.inside.has(String(steps[1]))))));
    if (whole) throw new Refused(["group.whole", writtenSteps(whole.mention.steps)]);
    const isFork = kindOf(nodeAt(this.graph, this.entry)) === "parallel-fork";
    const ofFork = this.within.some(({ mention: { steps } }) => steps[0] === "nodes" && steps[1] === this.entry);
    if (isFork && ofFork) throw new Refused(["group.forkFirst", this.#label(this.entry)]);
  }

  /**
   * @param {Map<string, string>} names
   * @param {Steps} base
   * @param {string} wanted
   */
  #named(names, base, wanted) {
    const key = writtenSteps(base);
    if (!names.has(key)) names.set(key, freshId(new Set(names.values()), suggestedId(wanted, "value")));
    return /** @type {string} */ (names.get(key));
  }

  /**
   * What a name inside becomes: null where it stays as it is.
   * @param {Steps} steps
   * @param {string} owner the node that uses it
   * @returns {Steps | null}
   */
  #give(steps, owner) {
    const [root, name, field, key, ...rest] = steps;
    const isEntry = (name === this.entry || root === "output") && kindOf(nodeAt(this.graph, this.entry)) === "join";
    switch (root) {
      case "input":
        if (name === undefined) return ["input", this.#named(this.given, ["input"], "input")];
        return ["input", this.#named(this.given, ["input", name], String(name)), ...steps.slice(2)];
      case "state":
        return this.written.has(String(name)) ? null : ["input", this.#named(this.given, ["state", String(name)], String(name)), ...steps.slice(2)];
      case "nodes": {
        // A join's output is that of the node before it, which is outside now.
        const before = isEntry && field === "output" && key !== undefined ? [key, "output", ...rest] : null;
        const [id, part, ...more] = before ?? [name, field, ...(key === undefined ? [] : [key, ...rest])];
        if (before === null && this.inside.has(String(id))) return null;
        const base = /** @type {Steps} */ (["nodes", id, ...(part === undefined ? [] : [part])]);
        return ["input", this.#named(this.given, base, part === undefined || part === "output" ? String(id) : `${id}_${part}`), .../** @type {Steps} */ (more)];
      }
      case "output":
        if (owner !== this.entry || !isEntry || name === undefined || this.inside.has(String(name))) return null;
        return ["input", this.#named(this.given, ["nodes", name, "output"], String(name)), ...steps.slice(2)];
      case "iteration":
        return this.#isOuterLoop(owner) ? ["input", this.#named(this.given, ["iteration"], "iteration")] : null;
      default:
        return null;
    }
  }

  /**
   * Whether the innermost loop around a node is one around the whole group.
   * @param {string} id
   */
  #isOuterLoop(id) {
    const around = loopsOf(this.ways).filter(({ body }) => body.has(id)).sort((one, other) => one.body.size - other.body.size);
    return around[0] !== undefined && !this.inside.has(around[0].header);
  }

  /**
   * What a name outside becomes: null where it stays as it is.
   * @param {Steps} steps
   * @param {string} [id] of the subgraph node, once it is known
   * @param {string | null} [owner] the node that uses it
   * @returns {Steps | null}
   */
  #tell(steps, id = "", owner = null) {
    const [root, name, field, key, ...rest] = steps;
    const last = (/** @type {string} */ node, /** @type {string} */ part) => this.#named(this.told, ["nodes", node, part], part === "output" ? node : `${node}_${part}`);
    if (root === "nodes" && this.inside.has(String(name)) && field !== undefined) {
      return ["nodes", id, "output", last(String(name), String(field)), ...(key === undefined ? [] : [key, ...rest])];
    }
    if (root === "nodes" && name === this.exit?.target && field === "output" && this.inside.has(String(key))) {
      return ["nodes", String(name), "output", id, last(String(key), "output"), ...rest];
    }
    if (root === "output" && owner !== null && owner === this.exit?.target && this.inside.has(String(name))) {
      return ["output", id, last(String(name), "output"), ...steps.slice(2)];
    }
    return null;
  }

  /**
   * @param {string} id of the subgraph node
   * @param {string} name
   * @returns {Draft}
   */
  carriedOut(id, name) {
    // Both are called for their names first: what is handed over must be known before it is written.
    for (const { mention, spot } of this.outside) this.#tell(mention.steps, id, ownerOf(spot));
    const draft = new Draft(this.graph);
    draft.do({ op: "put", path: ["nodes", id], value: this.#subgraph(id, name), before: [...this.inside][0] ?? null });
    const corner = boxesOf(this.graph).get(this.entry);
    draft.place(id, [corner?.x ?? 0, corner?.y ?? 0]);
    for (const way of this.ways.into.get(this.entry) ?? []) draft.set(["nodes", way.node, "to", way.index, "node"], id);
    for (const node of this.inside) draft.dropNode(node);
    for (const key of this.written) if (!this.shared.has(key) && valueAt(draft.graph, ["state", key]) !== undefined) draft.unset(["state", key]);
    const others = spotsOf(draft.graph).filter((spot) => ownerOf(spot) !== id);
    rewriteSpots(draft, others, (steps, spot) => this.#tell(steps, id, ownerOf(spot)));
    return draft;
  }

  /**
   * @param {string} id
   * @param {string} name
   * @returns {JsonObject}
   */
  #subgraph(id, name) {
    const args = Object.fromEntries([...this.given].map(([path, key]) => [key, `{${path}?}`]));
    const save = Object.fromEntries([...this.shared].map((key) => [key, `{output.${this.told.get(`state.${key}`)}?}`]));
    /** @type {JsonObject} */
    const node = { kind: "subgraph" };
    if (name.trim()) node.label = name.trim();
    node.inline = this.#inner(id, name);
    if (this.given.size > 0) node.args = args;
    if (this.shared.size > 0) node.save = save;
    if (this.exit) node.to = [{ node: this.exit.target }];
    return node;
  }

  /**
   * @param {string} id
   * @param {string} name
   * @returns {Graph}
   */
  #inner(id, name) {
    const boxes = boxesOf(this.graph);
    const corner = boxes.get(this.entry) ?? { x: 0, y: 0 };
    const state = Object.fromEntries([...this.written].flatMap((key) => {
      const declared = valueAt(this.graph, ["state", key]);
      return declared === undefined ? [] : [[key, declared]];
    }));
    /** @type {Graph} */
    const graph = { format: "weft/1", name: slug(name || id) };
    if (name.trim()) graph.title = name.trim();
    if (Object.keys(state).length > 0) graph.state = state;
    if (this.told.size > 0) graph.output = Object.fromEntries([...this.told].map(([path, key]) => [key, `{${path}?}`]));
    graph.nodes = Object.fromEntries([...this.inside].map((node) => [node, nodesOf(this.graph)[node] ?? null]));
    graph.layout = Object.fromEntries([...this.inside].map((node) => {
      const box = boxes.get(node) ?? corner;
      return [node, [Math.round(box.x - corner.x), Math.round(box.y - corner.y)]];
    }));
    const draft = new Draft(graph);
    const spots = [...this.inside].flatMap((node) => spotsOfNode(nodeAt(graph, node), ["nodes", node]));
    rewriteSpots(draft, spots, (steps, spot) => this.#give(steps, ownerOf(spot) ?? ""));
    this.#leadOut(draft);
    return draft.graph;
  }

  /**
   * Edges that led out lead to the end of the inner graph: they are dropped where their path simply ends, else they lead
   * to a join that waits for them as the node outside did.
   * @param {Draft} draft of the inner graph
   */
  #leadOut(draft) {
    const out = this.exit?.out ?? [];
    const [only] = out;
    const from = only && nodeAt(draft.graph, only.node);
    const isPlain = out.length === 1 && only !== undefined && from !== undefined && isUnconditional(edgesOf(from)[only.index])
      && kindOf(from) !== "human-gate" && alwaysTaken(from, only.port) === only.index
      && edgesOf(from).filter((edge) => portOf(from, edge) === only.port).length === 1 && only.port === portOf(from, {});
    if (isPlain && kindOf(from) !== "loop-back") return draft.dropEdge(only.node, only.index);
    if (out.length === 0) return;
    const done = freshId(nodesOf(draft.graph), "done");
    draft.addNode(done, { kind: "join" }, [Math.max(...out.map((way) => this.#right(draft.graph, way.node))) + 80, 0]);
    const met = new Set(/** @type {string[]} */ ([]));
    for (const { node, index } of out) {
      // A join could not tell two ways from one node apart.
      const to = met.has(node) ? this.#step(draft, node, done) : done;
      draft.set(["nodes", node, "to", index, "node"], to);
      met.add(node);
    }
  }

  /**
   * A join with one way in before another one.
   * @param {Draft} draft
   * @param {string} node
   * @param {string} done
   * @returns {string}
   */
  #step(draft, node, done) {
    const step = freshId(nodesOf(draft.graph), `${node}_${done}`);
    const [x, y] = positionOf(draft.graph, done) ?? [0, 0];
    draft.addNode(step, { kind: "join", to: [{ node: done }] }, [x - 40, y + 80]);
    return step;
  }

  /**
   * @param {Graph} graph
   * @param {string} id
   */
  #right(graph, id) {
    const box = boxesOf(graph).get(id);
    return box ? box.x + box.width : 0;
  }
}

/**
 * A graph's name that resembles a text.
 * @param {string} text
 */
export function slug(text) {
  const lowered = text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 64);
  return lowered || "sub-flow";
}
