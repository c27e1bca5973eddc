// What the live side needs to know of a run's documents: who follows whom, what a loop sets back, which edge a port means.
// Rule: it is read from the documents that the run is bound to, once; a document that is broken gives what it can.

import { loopsOf, topological, waysOf } from "../document/order.js";
import { idOf, scopeOf } from "./names.js";

/** @import { RunDocument, RunDocuments } from "./types.js" */

/**
 * @typedef {object} PlanEdge
 * @property {string} source node id
 * @property {number} index its place in the node's `to`
 * @property {string} target
 * @property {string} port
 * @property {string | null} when
 */

/**
 * One graph of the run.
 * @typedef {object} Scope
 * @property {RunDocument} document
 * @property {Map<string, any>} nodes id -> its JSON, in the file's order
 * @property {PlanEdge[]} edges
 * @property {Map<string, PlanEdge[]>} into id -> edges that lead to it
 * @property {Map<string, Set<string>>} bodies header's id -> the nodes that a repeat of it sets back
 * @property {string[]} order ids from the start on, loops left out
 */

/** @type {Record<string, string>} */
const DEFAULT_PORT = { agent: "ok", tool: "ok", subgraph: "ok", wait: "ok", join: "ok", "parallel-fork": "branch", "loop-back": "done", "human-gate": "ok" };

export class Plan {
  /** @param {RunDocuments} run */
  constructor(run) {
    this.documents = run.documents;
    this.root = run.root;
    /** @type {Map<string, Scope | null>} */
    this.scopes = new Map();
  }

  /**
   * The graph that the node at this path opens, "" for the run's own; null where there is none.
   * @param {string} path
   * @returns {Scope | null}
   */
  scope(path) {
    const known = this.scopes.get(path);
    if (known !== undefined) return known;
    const document = path === "" ? (this.documents[this.root] ?? null) : this.opened(path);
    const made = document === null ? null : scopeFrom(document);
    this.scopes.set(path, made);
    return made;
  }

  /**
   * The document behind a path: of a sub-flow, or of the graph that an agent calls there (`lead!research`).
   * @param {string} path
   * @returns {RunDocument | null}
   */
  opened(path) {
    const [, called] = idOf(path).split("!");
    return called === undefined ? this.inner(this.node(path)) : (this.documents[called] ?? null);
  }

  /**
   * A node's JSON; null where no document has it.
   * @param {string} path `team/write`
   * @returns {any}
   */
  node(path) {
    return this.scope(scopeOf(path))?.nodes.get(idOf(path)) ?? null;
  }

  /**
   * @param {any} node
   * @returns {RunDocument | null}
   */
  inner(node) {
    if (node?.kind !== "subgraph") return null;
    if (node.inline && typeof node.inline === "object") return node.inline;
    return this.documents[node.graph] ?? null;
  }

  /**
   * How a node is called by people.
   * @param {string} path
   */
  label(path) {
    const label = this.node(path)?.label;
    return typeof label === "string" && label ? label : idOf(path);
  }
}

/**
 * @param {RunDocument} document
 * @returns {Scope}
 */
function scopeFrom(document) {
  const nodes = new Map(Object.entries(/** @type {Record<string, any>} */ (document.nodes ?? {})));
  /** @type {PlanEdge[]} */
  const edges = [];
  for (const [source, node] of nodes) {
    const to = Array.isArray(node?.to) ? node.to : [];
    to.forEach((/** @type {any} */ edge, /** @type {number} */ index) => {
      if (typeof edge?.node !== "string") return;
      const port = typeof edge.on === "string" ? edge.on : (DEFAULT_PORT[node.kind] ?? "ok");
      edges.push({ source, index, target: edge.node, port, when: typeof edge.when === "string" ? edge.when : null });
    });
  }
  /** @type {Map<string, PlanEdge[]>} */
  const into = new Map([...nodes.keys()].map((id) => [id, []]));
  for (const edge of edges) into.get(edge.target)?.push(edge);
  const ways = waysOf(document);
  const bodies = new Map(loopsOf(ways).map((loop) => [loop.header, loop.body]));
  return { document, nodes, edges, into, bodies, order: topological(ways) };
}

/**
 * Whether a document is the one that a run was bound to; where its nodes stand on the canvas and the order of keys aside.
 * @param {any} document
 * @param {any} other
 */
export function isOf(document, other) {
  return isAlike({ ...document, layout: null }, { ...other, layout: null });
}

/**
 * @param {any} one
 * @param {any} other
 * @returns {boolean}
 */
function isAlike(one, other) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null || Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && isAlike(one[key], other[key]));
}
