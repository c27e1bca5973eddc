// What the live side needs to know of a run's documents: who follows whom, what a loop sets back, which edge a port means.
// Rule: it is read from the documents that the run is bound to, once; a document that is broken gives what it can.

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
  return { document, nodes, edges, into, bodies: bodiesOf(edges, into), order: orderOf(nodes, edges) };
}

/**
 * A loop's body: its header and all from which its loop-back can be reached without passing the header.
 * @param {PlanEdge[]} edges
 * @param {Map<string, PlanEdge[]>} into
 */
function bodiesOf(edges, into) {
  /** @type {Map<string, Set<string>>} */
  const bodies = new Map();
  for (const { source, target: header } of edges.filter((edge) => edge.port === "repeat")) {
    const body = bodies.get(header) ?? new Set([header]);
    bodies.set(header, body);
    const ahead = [source];
    for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
      if (body.has(id)) continue;
      body.add(id);
      ahead.push(...(into.get(id) ?? []).map((edge) => edge.source));
    }
  }
  return bodies;
}

/**
 * Kahn's order without repeat edges; what is on a cycle comes last, in the file's order.
 * @param {Map<string, any>} nodes
 * @param {PlanEdge[]} edges
 */
function orderOf(nodes, edges) {
  const forward = edges.filter((edge) => edge.port !== "repeat" && nodes.has(edge.target));
  /** @type {Map<string, number>} */
  const open = new Map([...nodes.keys()].map((id) => [id, 0]));
  /** @type {Map<string, string[]>} */
  const next = new Map();
  for (const { source, target } of forward) {
    open.set(target, (open.get(target) ?? 0) + 1);
    next.set(source, [...(next.get(source) ?? []), target]);
  }
  const order = [...nodes.keys()].filter((id) => open.get(id) === 0);
  for (let place = 0; place < order.length; place++) {
    for (const target of next.get(/** @type {string} */ (order[place])) ?? []) {
      const left = (open.get(target) ?? 0) - 1;
      open.set(target, left);
      if (left === 0) order.push(target);
    }
  }
  const placed = new Set(order);
  return [...order, ...[...nodes.keys()].filter((id) => !placed.has(id))];
}
