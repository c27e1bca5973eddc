// An edit in the making. Rule: what is decided late sees what was decided early, since every change is applied to a
// running copy; nothing of it reaches the document before the edit is done.

/** @import { Change, Edit, Graph, Json, JsonObject, Path, Position, Said } from "../contract.d.ts" */

import { apply, isObject, memberOf, valueAt } from "./changes.js";
import { edgesOf, fieldsOf, kindOf, nodeAt, nodesOf } from "./kinds.js";
import { TOP_ORDER } from "./tables.js";

/** Objects that mean nothing once they are empty. */
const CONTAINERS = new Set(["limits", "settings", "retry", "save", "prefill", "args", "state", "agents", "layout"]);
const EDGE_ORDER = ["on", "when", "node", "label"];

export class Draft {
  /** @param {Graph} graph */
  constructor(graph) {
    /** The document as it would be by now. */
    this.graph = graph;
    /** @type {Change[]} */
    this.changes = [];
  }

  /** @param {Change} change */
  do(change) {
    this.graph = apply(this.graph, [change]).graph;
    this.changes.push(change);
  }

  /** @param {readonly Change[]} changes */
  doAll(changes) {
    for (const change of changes) this.do(change);
  }

  /**
   * Set what a path leads to, where the written form has it; what is missing on the way is made.
   * @param {Path} path
   * @param {Json} value
   * @returns {void}
   */
  set(path, value) {
    const key = path.at(-1);
    const parent = path.slice(0, -1);
    if (key === undefined) return this.do({ op: "put", path, value });
    const inside = valueAt(this.graph, parent);
    // Nothing, or a plain value that can hold nothing: both give way.
    if (typeof inside !== "object" || inside === null) return this.set(parent, isIndex(key) ? [value] : { [key]: value });
    if (Array.isArray(inside) && isIndex(key)) {
      return this.do({ op: "splice", path: parent, index: Math.min(key, inside.length), drop: key < inside.length ? 1 : 0, items: [value] });
    }
    const had = memberOf(inside, key);
    if (had !== undefined) return had === value ? undefined : this.do({ op: "put", path, value });
    return this.do({ op: "put", path, value, before: this.#before(parent, String(key)) });
  }

  /**
   * Take out what a path leads to, and what means nothing without it.
   * @param {Path} path
   */
  unset(path) {
    const key = path.at(-1);
    const parent = path.slice(0, -1);
    if (key === undefined || valueAt(this.graph, path) === undefined) return;
    if (isIndex(key)) this.do({ op: "splice", path: parent, index: key, drop: 1, items: [] });
    else this.do({ op: "drop", path });
    const left = valueAt(this.graph, parent);
    const isEmpty = isObject(left) && Object.keys(left).length === 0;
    if (isEmpty && CONTAINERS.has(String(parent.at(-1)))) this.do({ op: "drop", path: parent });
  }

  /**
   * Put a new node at the end of the file.
   * @param {string} id
   * @param {JsonObject} node
   * @param {Position} [position]
   */
  addNode(id, node, position) {
    this.set(["nodes", id], node);
    if (position) this.place(id, position);
  }

  /**
   * @param {string} id
   * @param {Position} position
   */
  place(id, [x, y]) {
    const was = valueAt(this.graph, ["layout", id]);
    const is = [Math.round(x), Math.round(y)];
    if (!Array.isArray(was) || was[0] !== is[0] || was[1] !== is[1]) this.set(["layout", id], is);
  }

  /**
   * Put an edge into a node's list.
   * @param {string} node
   * @param {JsonObject} edge
   * @param {number} [index] absent: last
   */
  addEdge(node, edge, index) {
    const written = inOrder(edge, EDGE_ORDER);
    const to = nodeAt(this.graph, node)?.to;
    if (!Array.isArray(to)) return this.set(["nodes", node, "to"], [written]);
    return this.do({ op: "splice", path: ["nodes", node, "to"], index: index ?? to.length, drop: 0, items: [written] });
  }

  /**
   * Take an edge out of its node's list; an empty list goes too.
   * @param {string} node
   * @param {number} index
   */
  dropEdge(node, index) {
    if (edgesOf(nodeAt(this.graph, node)).length === 1) this.do({ op: "drop", path: ["nodes", node, "to"] });
    else this.do({ op: "splice", path: ["nodes", node, "to"], index, drop: 1, items: [] });
  }

  /**
   * Take a node out, with its place on the canvas. What leads to it is left as it is.
   * @param {string} id
   */
  dropNode(id) {
    this.dropNodes([id]);
  }

  /**
   * Take nodes out, with their places on the canvas: O(nodes of the document) however many go.
   * @param {Iterable<string>} ids
   */
  dropNodes(ids) {
    const gone = [...ids];
    const placed = gone.filter((id) => valueAt(this.graph, ["layout", id]) !== undefined);
    const last = placed.pop();
    const changes = [...gone.map((id) => ["nodes", id]), ...placed.map((id) => ["layout", id])].map((path) => /** @type {Change} */ ({ op: "drop", path }));
    this.graph = apply(this.graph, changes).graph;
    this.changes.push(...changes);
    if (last !== undefined) this.unset(["layout", last]);
  }

  /**
   * @param {Said} title
   * @param {{ typing?: string | undefined, select?: string[] | undefined }} [more]
   * @returns {Edit}
   */
  done(title, { typing, select } = {}) {
    return { title, changes: this.changes, ...(typing === undefined ? {} : { typing }), ...(select ? { select } : {}) };
  }

  /**
   * The key before which a new one stands, by the order of the written form; null: last.
   * @param {Path} parent
   * @param {string} key
   * @returns {string | null}
   */
  #before(parent, key) {
    const order = this.#order(parent);
    const place = order.indexOf(key);
    if (place < 0) return null;
    const keys = Object.keys(/** @type {JsonObject} */ (valueAt(this.graph, parent)));
    // Keys that no table knows stand behind those that one does.
    return keys.find((other) => (order.indexOf(other) >>> 0) > place) ?? null;
  }

  /**
   * @param {Path} parent
   * @returns {readonly string[]}
   */
  #order(parent) {
    if (parent.length === 0) return TOP_ORDER;
    if (parent.length === 2 && parent[0] === "nodes") return fieldsOf(kindOf(nodesOf(this.graph)[String(parent[1])]));
    if (parent.at(-2) === "to") return EDGE_ORDER;
    return [];
  }
}

/**
 * @param {string | number} key
 * @returns {key is number}
 */
function isIndex(key) {
  return typeof key === "number";
}

/**
 * An object with its keys in the order of a table; undefined members are left out.
 * @param {{ [key: string]: Json | undefined }} object
 * @param {readonly string[]} order
 * @returns {JsonObject}
 */
export function inOrder(object, order) {
  const known = order.filter((key) => object[key] !== undefined);
  const others = Object.keys(object).filter((key) => !order.includes(key) && object[key] !== undefined);
  return Object.fromEntries([...known, ...others].map((key) => [key, /** @type {Json} */ (object[key])]));
}
