// The outputs that are pinned in this browser for one graph. Rule: a pin is no part of the document: it is kept beside it,
// sent with a run that is started here, and never sent where its node is gone or has become another kind.

import { isObject } from "../document/changes.js";

/** @import { Graph, Json, JsonObject } from "../contract.js" */

/** @typedef {{ kind: string, output: Json }} Pin kind: what the node was when it was pinned */
/** @typedef {Readonly<Record<string, Pin>>} PinsOf by the node's path, `team/write` */

/** Kinds that do something, so that an output can stand for it. */
export const PINNABLE = new Set(["agent", "tool", "human-gate", "subgraph", "wait"]);

const PREFIX = "weft-pins:";

/** The pins of one graph; views read them with `useSyncExternalStore(pins.subscribe, pins.get)`. */
export class Pins {
  #listeners = new Set();
  #storage;
  /** @type {PinsOf} */
  #pins;

  /**
   * @param {string} name the graph's
   * @param {Pick<Storage, "getItem" | "setItem" | "removeItem"> | null} storage null: they hold until the page is closed
   */
  constructor(name, storage) {
    this.key = PREFIX + name;
    this.#storage = storage;
    this.#pins = this.#kept() ?? Object.freeze({});
    this.get = this.get.bind(this);
    this.subscribe = this.subscribe.bind(this);
  }

  /** @returns {PinsOf} */
  get() {
    return this.#pins;
  }

  /**
   * @param {() => void} listener
   * @returns {() => void}
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * @param {string} path
   * @param {Pin} pin
   */
  put(path, pin) {
    this.#set({ ...this.#latest(), [path]: pin });
  }

  /** @param {Iterable<string>} paths */
  drop(paths) {
    const left = { ...this.#latest() };
    for (const path of paths) delete left[path];
    this.#set(left);
  }

  /** Another tab has changed them. */
  reread() {
    this.#tell(this.#latest());
  }

  /** What stands there now: another tab may have written since. */
  #latest() {
    return this.#kept() ?? this.#pins;
  }

  /** @param {PinsOf} pins */
  #set(pins) {
    try {
      if (Object.keys(pins).length) this.#storage?.setItem(this.key, JSON.stringify(pins));
      else this.#storage?.removeItem(this.key);
    } catch {
      // They hold until the page is closed.
    }
    this.#tell(pins);
  }

  /** @param {PinsOf} pins */
  #tell(pins) {
    this.#pins = Object.freeze(pins);
    for (const listener of [...this.#listeners]) listener();
  }

  /** @returns {PinsOf | null} null: there is no place to read from */
  #kept() {
    if (this.#storage === null) return null;
    try {
      const found = JSON.parse(this.#storage.getItem(this.key) ?? "{}");
      return isObject(found) ? /** @type {PinsOf} */ (Object.fromEntries(Object.entries(found).filter(([, pin]) => isObject(pin) && typeof pin["kind"] === "string" && "output" in pin))) : {};
    } catch {
      return null;
    }
  }
}

/**
 * The pins that a graph can use, and those that it cannot any more.
 * @param {PinsOf} pins
 * @param {Graph} graph
 * @returns {{ fresh: Record<string, Json>, stale: string[] }}
 */
export function sorted(pins, graph) {
  /** @type {Record<string, Json>} */
  const fresh = {};
  /** @type {string[]} */
  const stale = [];
  for (const [path, pin] of Object.entries(pins)) {
    if (nodeAt(graph, path)?.["kind"] === pin.kind) fresh[path] = pin.output;
    else stale.push(path);
  }
  return { fresh, stale };
}

/**
 * The node at a path, through the sub-flows that stand in the document.
 * @param {any} graph
 * @param {string} path
 * @returns {JsonObject | undefined}
 */
export function nodeAt(graph, path) {
  const ids = path.split("/");
  let here = graph;
  for (const id of ids.slice(0, -1)) here = here?.nodes?.[id]?.inline;
  const node = here?.nodes?.[ids[ids.length - 1] ?? ""];
  return isObject(node) ? node : undefined;
}
