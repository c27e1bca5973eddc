// A checker's fix, an RFC 6902 patch, as changes of the document. Rule: all of it fits or nothing is done; a new member
// stands where the written form has it.

/** @import { Graph, Json, Path, PatchOperation, Said } from "../contract.d.ts" */

import { isObject, isSame, valueAt } from "./changes.js";
import { Draft } from "./draft.js";

/** An edit that cannot be made; `reason` says why in words of words.js. */
export class Refused extends Error {
  /** @param {Said} reason */
  constructor(reason) {
    super(reason.join(" "));
    this.name = "Refused";
    this.reason = reason;
  }
}

/**
 * A draft with a patch carried out.
 * @param {Graph} graph
 * @param {readonly PatchOperation[]} patch
 * @returns {Draft}
 * @throws {Refused} `fix.stale`: it does not fit this document
 */
export function patched(graph, patch) {
  const draft = new Draft(graph);
  for (const operation of patch) {
    const path = pathOf(draft.graph, operation.path);
    switch (operation.op) {
      case "add":
        add(draft, path, needed(operation.value));
        break;
      case "remove":
        remove(draft, path);
        break;
      case "replace":
        needed(valueAt(draft.graph, path));
        draft.set(path, needed(operation.value));
        break;
      case "move":
      case "copy": {
        const from = pathOf(draft.graph, operation.from ?? "");
        const value = needed(valueAt(draft.graph, from));
        const isRename = operation.op === "move" && isSibling(draft.graph, from, path);
        if (isRename) draft.do({ op: "put", path, value, before: String(from.at(-1)) });
        if (operation.op === "move") remove(draft, from);
        // Where "-" leads is known only once the entry is out.
        if (!isRename) add(draft, pathOf(draft.graph, operation.path), value);
        break;
      }
      case "test":
        if (!isSame(valueAt(draft.graph, path), operation.value)) throw new Refused(["fix.stale"]);
        break;
      default:
        throw new Refused(["fix.stale"]);
    }
  }
  return draft;
}

/**
 * Whether a move only renames a member of an object; it then keeps its place among the others.
 * @param {Graph} graph
 * @param {Path} from
 * @param {Path} to
 */
function isSibling(graph, from, to) {
  const parent = valueAt(graph, from.slice(0, -1));
  return isObject(parent) && isSame(from.slice(0, -1), to.slice(0, -1)) && valueAt(graph, to) === undefined;
}

/**
 * @param {Draft} draft
 * @param {Path} path
 * @param {Json} value
 */
function add(draft, path, value) {
  const parent = valueAt(draft.graph, path.slice(0, -1));
  const key = path.at(-1);
  if (Array.isArray(parent) && typeof key === "number" && key <= parent.length) {
    draft.do({ op: "splice", path: path.slice(0, -1), index: key, drop: 0, items: [value] });
  } else if (isObject(parent) || key === undefined) draft.set(path, value);
  else throw new Refused(["fix.stale"]);
}

/**
 * @param {Draft} draft
 * @param {Path} path
 */
function remove(draft, path) {
  needed(valueAt(draft.graph, path));
  const key = path.at(-1);
  if (typeof key === "number") draft.do({ op: "splice", path: path.slice(0, -1), index: key, drop: 1, items: [] });
  else draft.do({ op: "drop", path });
}

/**
 * @param {Json | undefined} value
 * @returns {Json}
 */
function needed(value) {
  if (value === undefined) throw new Refused(["fix.stale"]);
  return value;
}

/**
 * The path of a JSON Pointer in a document: a step into a list is a number, `-` its end.
 * @param {Json} document
 * @param {string} pointer
 * @returns {Path}
 */
export function pathOf(document, pointer) {
  /** @type {Path} */
  const path = [];
  for (const part of pointer.split("/").slice(1)) {
    const step = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const inside = valueAt(document, path);
    path.push(Array.isArray(inside) ? (step === "-" ? inside.length : Number(step)) : step);
  }
  return path;
}

/**
 * The JSON Pointer of a path.
 * @param {Path} path
 */
export function pointerOf(path) {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
