// What two versions of a document changed, thing by thing. Rule: what both changed in different ways is never decided here;
// a value that nobody touched is passed on as it is, and the order of an object's keys means nothing.

/** @import { Choices, Json, Piece, Sides, Who } from "../contract.d.ts" */

import { isObject, isSame, meansTheSame, memberOf } from "./changes.js";

/**
 * What a part of the merged document is, once it is known what is chosen.
 * @typedef {(choices: Choices) => Json | undefined} Build
 */

/**
 * @template T
 * @typedef {{ before: T, mine: T, theirs: T }} Three
 */

/**
 * @template From, To
 * @param {Three<From>} sides
 * @param {(one: From, side: "before" | "mine" | "theirs") => To} make
 * @returns {Three<To>}
 */
export function each(sides, make) {
  return { before: make(sides.before, "before"), mine: make(sides.mine, "mine"), theirs: make(sides.theirs, "theirs") };
}

/**
 * A member of each of three objects.
 * @param {Sides} sides
 * @param {string} key
 * @returns {Sides}
 */
export function inside(sides, key) {
  return each(sides, (value) => memberOf(value, key));
}

/**
 * Whether what is there is an object on every side, and there is one.
 * @param {Sides} sides
 */
export function areObjects({ before, mine, theirs }) {
  const there = [before, mine, theirs].filter((value) => value !== undefined);
  return there.length > 0 && there.every(isObject);
}

/** @param {Sides} sides */
export function isUntouched({ before, mine, theirs }) {
  return before === mine && before === theirs;
}

/**
 * Who changed a value; null: nobody, but for the order of keys.
 * @param {Sides} sides
 * @returns {Who | null}
 */
export function whoChanged({ before, mine, theirs }) {
  const isHere = before !== mine && !meansTheSame(before, mine);
  const isThere = before !== theirs && !meansTheSame(before, theirs);
  if (!isHere) return isThere ? "there" : null;
  return !isThere ? "here" : mine === theirs || meansTheSame(mine, theirs) ? "same" : "conflict";
}

/**
 * The side that a piece is taken from. What is not chosen yet is shown as it is here.
 * @param {Piece} piece
 * @param {Choices} choices
 */
export function sideOf(piece, choices) {
  if (piece.follows !== undefined) return choices[piece.follows] ?? "mine";
  if (piece.who === "conflict") return choices[piece.key] ?? "mine";
  return piece.who === "here" ? "mine" : "theirs";
}

/**
 * A value that is one thing: a piece if somebody changed it.
 * @param {Piece[]} out where pieces are put
 * @param {Pick<Piece, "key" | "what" | "path">} about
 * @param {Sides} sides
 * @returns {{ piece: Piece | null, build: Build }}
 */
export function leaf(out, about, sides) {
  const { before, mine, theirs } = sides;
  const who = isUntouched(sides) ? null : whoChanged(sides);
  // Another order of keys is no change, but where one side alone has one it stays.
  if (who === null) return { piece: null, build: () => (mine === before || isSame(mine, before) ? theirs : mine) };
  /** @type {Piece} */
  const piece = { ...about, who, before, mine, theirs };
  out.push(piece);
  return {
    piece,
    build: (choices) => {
      const side = sideOf(piece, choices);
      return side === "mine" ? mine : side === "both" && piece.both !== "apart" ? piece.both : theirs;
    },
  };
}

/**
 * An object merged member by member.
 * @param {Sides} sides objects, or nothing
 * @param {readonly string[] | null} order of the keys that the written form knows
 * @param {(key: string, inner: Sides) => Build} part
 * @returns {Build}
 */
export function members(sides, order, part) {
  if (isUntouched(sides)) return () => sides.mine;
  const keys = each(sides, (value) => (isObject(value) ? Object.keys(value) : []));
  const parts = woven(keys, order).map((key) => /** @type {const} */ ([key, part(key, inside(sides, key))]));
  const isThere = isThereStill(sides);
  return (choices) => {
    const entries = parts.flatMap(([key, build]) => {
      const value = build(choices);
      return value === undefined ? [] : [/** @type {[string, Json]} */ ([key, value])];
    });
    // fromEntries defines members; an assignment to a key such as __proto__ would not.
    return entries.length > 0 || isThere ? Object.fromEntries(entries) : undefined;
  };
}

/**
 * Whether an object or list that has come to be empty is kept as an empty one.
 * @param {Sides} sides
 */
export function isThereStill({ before, mine, theirs }) {
  const [was, here, there] = [before !== undefined, mine !== undefined, theirs !== undefined];
  return here === there || here !== was ? here : there;
}

/**
 * Keys in the order that either side gave them, those that are new here behind those that are new there; keys that both
 * sides took out come last. O(n)
 * @param {Three<string[]>} keys
 * @param {readonly string[] | null} [order] kept where both sides keep it
 * @returns {string[]}
 */
export function woven({ before, mine, theirs }, order = null) {
  if (areAlike(mine, theirs) && areAlike(mine, before)) return mine;
  const [old, here, there] = [new Set(before), new Set(mine), new Set(theirs)];
  const isMoved = !areAlike(mine.filter((key) => old.has(key)), before.filter((key) => here.has(key)));
  const [main, other] = isMoved ? [mine, theirs] : [theirs, mine];
  const [inMain, inOther] = isMoved ? [here, there] : [there, here];
  /** What stands behind a key of the other side and is not in the main one. @type {Map<string | null, string[]>} */
  const behind = new Map();
  let anchor = /** @type {string | null} */ (null);
  for (const key of other) {
    if (inMain.has(key)) anchor = key;
    else if (behind.has(anchor)) behind.get(anchor)?.push(key);
    else behind.set(anchor, [key]);
  }
  const all = /** @type {string[]} */ ([]);
  let waiting = behind.get(null) ?? [];
  for (const key of main) {
    if (inOther.has(key)) {
      all.push(...waiting);
      waiting = behind.get(key) ?? [];
    }
    all.push(key);
  }
  all.push(...waiting, ...before.filter((key) => !here.has(key) && !there.has(key)));
  const isKept = order !== null && isInOrder(mine, order) && isInOrder(theirs, order);
  return isKept ? all.sort((one, another) => placeIn(order, one) - placeIn(order, another)) : all;
}

/**
 * @param {readonly string[]} one
 * @param {readonly string[]} other
 */
function areAlike(one, other) {
  return one.length === other.length && one.every((key, place) => key === other[place]);
}

/**
 * @param {readonly string[]} keys
 * @param {readonly string[]} order
 */
function isInOrder(keys, order) {
  return keys.every((key, place) => place === 0 || placeIn(order, /** @type {string} */ (keys[place - 1])) <= placeIn(order, key));
}

/**
 * @param {readonly string[]} order
 * @param {string} key
 */
function placeIn(order, key) {
  const place = order.indexOf(key);
  return place < 0 ? order.length : place;
}
