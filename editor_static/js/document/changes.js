// Changes of a document: applied to the value, and taken back. Rule: a value is never changed in place, what a change
// does not touch is shared between old and new, and the inverse restores the very bytes, the order of keys included.

/** @import { Change, Graph, Json, JsonObject, Path } from "../contract.d.ts" */

/** A change that does not fit the document it is applied to: an error in the editor, never of its user. */
export class MisfitChange extends Error {
  /**
   * @param {string} what
   * @param {Path} path
   */
  constructor(what, path) {
    super(`${what} at /${path.join("/")}`);
    this.name = "MisfitChange";
  }
}

/**
 * The document after some changes, one after the other, and the changes that lead back. O(depth * width) for each, and for
 * any number in a row that drop, or put, members of one object.
 * @param {Graph} graph
 * @param {readonly Change[]} changes
 * @returns {{ graph: Graph, inverse: Change[] }}
 * @throws {MisfitChange} a path leads nowhere; the document is then untouched
 */
export function apply(graph, changes) {
  /** @type {Json} */
  let value = graph;
  /** @type {Change[]} */
  const inverse = [];
  for (let place = 0; place < changes.length; ) {
    const first = /** @type {Change} */ (changes[place]);
    const alike = alikeFrom(changes, place);
    /** @type {{ value: Json, inverse: Change | Change[] }} */
    const step = alike.length > 1 ? together(value, alike, 0) : applied(value, first, 0);
    value = step.value;
    inverse.push(...[step.inverse].flat().reverse());
    place += Math.max(1, alike.length);
  }
  return { graph: /** @type {Graph} */ (value), inverse: inverse.reverse() };
}

/** @typedef {Extract<Change, { op: "drop" | "put" }>} OfMember */

/**
 * The changes from a place on that each drop, or each put, a member of one object.
 * @param {readonly Change[]} changes
 * @param {number} place
 * @returns {OfMember[]}
 */
function alikeFrom(changes, place) {
  const first = changes[place];
  if (!first || first.op === "splice" || first.path.length === 0) return [];
  const parent = JSON.stringify(first.path.slice(0, -1));
  const isAlike = (/** @type {Change | undefined} */ one) => one?.op === first.op && !isWhole(one.path.at(-1)) && !(one.op === "put" && isWhole(one.before)) && JSON.stringify(one.path.slice(0, -1)) === parent;
  let end = place;
  while (isAlike(changes[end])) end += 1;
  return /** @type {OfMember[]} */ (changes.slice(place, end));
}

/** Whether a key is a whole number, which stands first wherever it is put. @param {string | number | null | undefined} key */
function isWhole(key) {
  return /^(0|[1-9]\d*)$/.test(String(key));
}

/**
 * Change members of one object in one pass: one after the other each would copy all of them. Means the same.
 * @param {Json} value
 * @param {OfMember[]} changes all drops or all puts
 * @param {number} depth
 * @returns {{ value: Json, inverse: Change[] }} inverse: in the order in which they are taken back
 */
function together(value, changes, depth) {
  const { path, op } = /** @type {OfMember} */ (changes[0]);
  if (depth < path.length - 1) {
    const step = /** @type {string | number} */ (path[depth]);
    const inner = memberOf(value, step);
    if (inner === undefined) throw new MisfitChange(`there is nothing to ${op}`, path.slice(0, depth + 1));
    const result = together(inner, changes, depth + 1);
    return { value: replaced(value, step, result.value), inverse: result.inverse };
  }
  if (!isObject(value)) throw new MisfitChange(`there is no object to ${op} a member of`, path.slice(0, -1));
  return op === "drop" ? droppedTogether(value, changes) : putTogether(value, changes);
}

/**
 * @param {JsonObject} object
 * @param {OfMember[]} puts
 * @returns {{ value: Json, inverse: Change[] }}
 */
function putTogether(object, puts) {
  /** @type {Map<string, Json>} */
  const values = new Map(Object.entries(object));
  const order = [...values.keys(), null];
  /** The key behind each key; null is the end of the list, and the way in. @type {Map<string | null, string | null>} */
  const before = new Map(order.map((key, place) => [key, order[place - 1] ?? null]));
  /** @type {Change[]} */
  const inverse = [];
  for (const put_ of puts) {
    const key = String(put_.path.at(-1));
    const { value, before: wanted } = /** @type {Extract<Change, { op: "put" }>} */ (put_);
    const was = values.get(key);
    inverse.push(was === undefined ? { op: "drop", path: put_.path } : { op: "put", path: put_.path, value: was });
    if (was === undefined) {
      const behind = wanted != null && values.has(wanted) ? wanted : null;
      before.set(key, before.get(behind) ?? null);
      before.set(behind, key);
    }
    values.set(key, value);
  }
  /** @type {[string, Json][]} */
  const members = [];
  for (let key = before.get(null) ?? null; key !== null; key = before.get(key) ?? null) members.push([key, /** @type {Json} */ (values.get(key))]);
  return { value: Object.fromEntries(members.reverse()), inverse: inverse.reverse() };
}

/**
 * @param {JsonObject} object
 * @param {OfMember[]} drops
 * @returns {{ value: Json, inverse: Change[] }}
 */
function droppedTogether(object, drops) {
  const keys = Object.keys(object);
  const places = new Map(keys.map((key, place) => [key, place]));
  /** For each place the first after it that may still be there. */
  const after = keys.map((_, place) => place + 1);
  const next = (/** @type {number} */ place) => {
    let there = /** @type {number} */ (after[place]);
    while (there < keys.length && !places.has(/** @type {string} */ (keys[there]))) there = /** @type {number} */ (after[there]);
    after[place] = there;
    return keys[there] ?? null;
  };
  const inverse = drops.map(({ path: one }) => {
    const key = String(one.at(-1));
    const place = places.get(key);
    if (place === undefined) throw new MisfitChange("there is nothing to drop", one);
    places.delete(key);
    return /** @type {Change} */ ({ op: "put", path: one, value: /** @type {Json} */ (object[key]), before: next(place) });
  });
  return { value: Object.fromEntries(Object.entries(object).filter(([key]) => places.has(key))), inverse: inverse.reverse() };
}

/**
 * @param {Json} value the part of the document that the first `depth` steps of the path lead to
 * @param {Change} change
 * @param {number} depth
 * @returns {{ value: Json, inverse: Change }}
 */
function applied(value, change, depth) {
  const { path } = change;
  if (depth < path.length - (change.op === "splice" ? 0 : 1)) {
    const step = /** @type {string | number} */ (path[depth]);
    const inner = memberOf(value, step);
    if (inner === undefined) throw new MisfitChange(`there is nothing to ${change.op}`, path.slice(0, depth + 1));
    const result = applied(inner, change, depth + 1);
    return { value: replaced(value, step, result.value), inverse: result.inverse };
  }
  if (change.op === "splice") return spliced(value, change);
  if (path.length === 0 && change.op === "put") {
    return { value: change.value, inverse: { op: "put", path: [], value } };
  }
  if (!isObject(value)) throw new MisfitChange(`there is no object to ${change.op} a member of`, path.slice(0, -1));
  return change.op === "put" ? put(value, change) : dropped(value, change);
}

/**
 * @param {JsonObject} object
 * @param {Extract<Change, { op: "put" }>} change
 * @returns {{ value: Json, inverse: Change }}
 */
function put(object, { path, value, before }) {
  const key = String(path.at(-1));
  if (Object.hasOwn(object, key)) {
    return { value: { ...object, [key]: value }, inverse: { op: "put", path, value: /** @type {Json} */ (object[key]) } };
  }
  return { value: withMember(object, key, value, before ?? null), inverse: { op: "drop", path } };
}

/**
 * @param {JsonObject} object
 * @param {Extract<Change, { op: "drop" }>} change
 * @returns {{ value: Json, inverse: Change }}
 */
function dropped(object, { path }) {
  const key = String(path.at(-1));
  if (!Object.hasOwn(object, key)) throw new MisfitChange("there is nothing to drop", path);
  const keys = Object.keys(object);
  const before = keys[keys.indexOf(key) + 1] ?? null;
  const { [key]: value, ...rest } = object;
  return { value: rest, inverse: { op: "put", path, value: /** @type {Json} */ (value), before } };
}

/**
 * @param {Json} list
 * @param {Extract<Change, { op: "splice" }>} change
 * @returns {{ value: Json, inverse: Change }}
 */
function spliced(list, { path, index, drop, items }) {
  if (!Array.isArray(list)) throw new MisfitChange("there is no list to splice", path);
  if (index < 0 || drop < 0 || index + drop > list.length) throw new MisfitChange(`no entries ${index}+${drop}`, path);
  const value = list.toSpliced(index, drop, ...items);
  const inverse = /** @type {Change} */ ({
    op: "splice", path, index, drop: items.length, items: list.slice(index, index + drop),
  });
  return { value, inverse };
}

/**
 * An object with one more member, which stands before another or last. Whole numbers stand first and in order, as
 * ECMAScript has it.
 * @param {JsonObject} object without `key`
 * @param {string} key
 * @param {Json} value
 * @param {string | null} before
 * @returns {JsonObject}
 */
function withMember(object, key, value, before) {
  if (before === null || !Object.hasOwn(object, before)) return { ...object, [key]: value };
  // fromEntries defines members; an assignment to a key such as __proto__ would not.
  return Object.fromEntries(
    Object.entries(object).flatMap((entry) => (entry[0] === before ? [[key, value], entry] : [entry])),
  );
}

/**
 * @param {Json} value
 * @param {string | number} step
 * @param {Json} member
 * @returns {Json}
 */
function replaced(value, step, member) {
  return Array.isArray(value) ? value.with(Number(step), member) : { .../** @type {JsonObject} */ (value), [step]: member };
}

/**
 * What a step leads to; undefined where nothing is. Only own members count: no key reaches what every object has.
 * @param {Json | undefined} value
 * @param {string | number} step
 * @returns {Json | undefined}
 */
export function memberOf(value, step) {
  if (Array.isArray(value)) return typeof step === "number" ? value[step] : undefined;
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

/**
 * What a path leads to; undefined where nothing is.
 * @param {Json | undefined} value
 * @param {Path} path
 * @returns {Json | undefined}
 */
export function valueAt(value, path) {
  return path.reduce((/** @type {Json | undefined} */ inner, step) => memberOf(inner, step), value);
}

/**
 * @param {Json | undefined} value
 * @returns {value is JsonObject}
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether two values are the same document: the same members in the same order. What both share is not looked into.
 * @param {Json | undefined} one
 * @param {Json | undefined} other
 * @returns {boolean}
 */
export function isSame(one, other) {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((item, place) => isSame(item, other[place]));
  if (isObject(one) && isObject(other)) {
    const [keys, others] = [Object.keys(one), Object.keys(other)];
    if (keys.length === others.length) return keys.every((key, place) => key === others[place] && isSame(one[key], other[key]));
  }
  // Members that are undefined are none.
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Whether two values mean the same: the order of an object's keys does not count.
 * @param {Json | undefined} one
 * @param {Json | undefined} other
 * @returns {boolean}
 */
export function meansTheSame(one, other) {
  if (one === other) return true;
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((item, place) => meansTheSame(item, other[place]));
  if (!isObject(one) || !isObject(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && meansTheSame(one[key], other[key]));
}

/**
 * The changes that make one document of another, as few and as deep as they are easily found. O(size of both).
 * @param {Graph} from
 * @param {Graph} to
 * @returns {Change[]}
 */
export function between(from, to) {
  /** @type {Change[]} */
  const changes = [];
  compare(from, to, [], changes);
  return changes;
}

/**
 * @param {Json} from
 * @param {Json} to
 * @param {Path} path
 * @param {Change[]} changes
 */
function compare(from, to, path, changes) {
  if (isSame(from, to)) return;
  if (isObject(from) && isObject(to) && isInOneOrder(from, to)) compareObjects(from, to, path, changes);
  else if (Array.isArray(from) && Array.isArray(to)) compareLists(from, to, path, changes);
  else if (typeof path.at(-1) === "number") {
    changes.push({ op: "splice", path: path.slice(0, -1), index: Number(path.at(-1)), drop: 1, items: [to] });
  } else changes.push({ op: "put", path, value: to });
}

/**
 * Whether the keys that two objects share stand in the same order in both.
 * @param {JsonObject} one
 * @param {JsonObject} other
 */
function isInOneOrder(one, other) {
  const here = Object.keys(one).filter((key) => Object.hasOwn(other, key));
  const there = Object.keys(other).filter((key) => Object.hasOwn(one, key));
  return here.every((key, place) => key === there[place]);
}

/**
 * @param {JsonObject} from
 * @param {JsonObject} to
 * @param {Path} path
 * @param {Change[]} changes
 */
function compareObjects(from, to, path, changes) {
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) changes.push({ op: "drop", path: [...path, key] });
  let before = /** @type {string | null} */ (null);
  for (const [key, value] of Object.entries(to).reverse()) {
    if (Object.hasOwn(from, key)) compare(/** @type {Json} */ (from[key]), value, [...path, key], changes);
    else changes.push({ op: "put", path: [...path, key], value, before });
    before = key;
  }
}

/**
 * @param {Json[]} from
 * @param {Json[]} to
 * @param {Path} path
 * @param {Change[]} changes
 */
function compareLists(from, to, path, changes) {
  let start = 0;
  while (start < Math.min(from.length, to.length) && isSame(from[start], to[start])) start += 1;
  let end = 0;
  const most = Math.min(from.length, to.length) - start;
  while (end < most && isSame(from[from.length - 1 - end], to[to.length - 1 - end])) end += 1;
  const gone = from.slice(start, from.length - end);
  const come = to.slice(start, to.length - end);
  if (gone.length === come.length) {
    gone.forEach((item, place) => compare(item, /** @type {Json} */ (come[place]), [...path, start + place], changes));
  } else changes.push({ op: "splice", path, index: start, drop: gone.length, items: come });
}
