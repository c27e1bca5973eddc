// Chance from a seed, and graphs and edits made of it. Rule: the same seed gives the same test, on every machine.

import { readdirSync, readFileSync } from "node:fs";
import * as edits from "../../../../editor_static/js/document/edits.js";
import { duplicate, paste, copy } from "../../../../editor_static/js/document/clipboard.js";
import { KINDS, allEdges, nodesOf, portsOf, nodeAt } from "../../../../editor_static/js/document/kinds.js";
import { judgeReconnect, judgeWire } from "../../../../editor_static/js/document/refusals.js";

const GRAPHS = new URL("../../../../graphs/", import.meta.url);

/** Numbers in [0, 1) from a seed (mulberry32). @param {number} seed */
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    below: (/** @type {number} */ end) => Math.floor(next() * end),
    one: (/** @type {any} */ list) => list[Math.floor(next() * list.length)],
    some: (/** @type {any} */ list, share = 0.4) => list.filter(() => next() < share),
    is: (share = 0.5) => next() < share,
  };
}

/** The samples of the repository. @returns {any[]} */
export function samples() {
  const files = readdirSync(GRAPHS).filter((name) => name.endsWith(".json") && !name.endsWith(".scripted.json"));
  return files.map((name) => JSON.parse(readFileSync(new URL(name, GRAPHS), "utf8")));
}

/** Documents that are broken in one way or another, as a merge or a hand can leave them. @returns {any[]} */
export function broken() {
  return [
    { format: "weft/1", name: "bare" },
    { format: "weft/1", name: "empty", nodes: {} },
    { format: "weft/1", name: "lost", nodes: { a: { kind: "agent", to: [{ node: "gone" }, { on: "error" }, 5, { node: "b" }] }, b: { kind: "tool", tool: "x", to: [] } } },
    { format: "weft/1", name: "strange", nodes: { a: { kind: "teleport", odd: [1, { x: 2 }], to: [{ node: "b" }] }, b: null, c: [], d: { to: "a" } }, layout: { a: "here", b: [1] } },
    JSON.parse('{"format":"weft/1","name":"keys","2":1,"1":{"b":1,"10":2,"9":3},"nodes":{"a":{"kind":"end","__proto__":{"polluted":true},"zzz":1}},"layout":{"$notes":[{"x":0,"y":0,"w":8,"h":8,"text":"hello"},7]}}'),
    { format: "weft/1", name: "round", nodes: { a: { kind: "agent", to: [{ node: "b" }] }, b: { kind: "agent", to: [{ node: "c" }] }, c: { kind: "agent", to: [{ node: "a" }] } } },
    { format: "weft/1", name: "gate", nodes: { g: { kind: "human-gate", options: ["yes", { name: "no", label: "No" }, 4], to: [{ node: "g" }, { on: "yes", node: "e" }] }, e: { kind: "end", to: [{ node: "g" }] } } },
  ];
}

const CONDITIONS = ["true", "state.x > 1", "output == 'a'", undefined, undefined, undefined];

/**
 * One edit at random, with what it was; null where it could not be made.
 * @param {any} graph
 * @param {ReturnType<typeof chance>} random
 * @returns {{ name: string, edit: any, cut?: {node: string, index: number}[] } | null}
 */
export function randomEdit(graph, random) {
  const ids = Object.keys(nodesOf(graph)).filter((id) => nodeAt(graph, id));
  const wires = allEdges(graph).filter(({ edge }) => typeof edge === "object" && edge !== null);
  const place = [random.below(2000) - 500, random.below(1000)];
  const id = random.one(ids);
  const other = random.one(ids);
  const wire = random.one(wires);
  const port = id && random.one(portsOf(nodeAt(graph, id)));
  const kind = random.one(KINDS);
  /** @type {Record<string, () => any>} */
  const all = {
    addNode: () => edits.addNode(graph, kind, random.is() ? place : null, {
      from: id && random.is(0.7) ? { node: id, on: random.is() ? port : undefined } : undefined,
      fields: random.is(0.2) ? { label: "Some One" } : {},
    }).edit,
    connect: () => {
      const wanted = { node: id, on: random.is(0.6) ? port : undefined, to: other, when: random.one(CONDITIONS) };
      const verdict = judgeWire(graph, wanted);
      return verdict.ok ? edits.connect(graph, wanted) : verdict.wayOut?.edit;
    },
    disconnect: () => edits.disconnect(graph, [wire]),
    disconnectSeveral: () => edits.disconnect(graph, random.some(wires)),
    reconnect: () => {
      const verdict = judgeReconnect(graph, wire, other);
      return verdict.ok ? edits.reconnect(graph, wire, other) : verdict.wayOut?.edit;
    },
    reconnectSource: () => edits.reconnectSource(graph, wire, { node: other, on: undefined }),
    moveEdge: () => edits.moveEdge(graph, wire, random.below(allEdges(graph).filter((it) => it.node === wire.node).length)),
    remove: () => edits.removeNodes(graph, [id], { bridge: random.is() }),
    removeSome: () => edits.removeNodes(graph, random.some(ids, 0.3), { bridge: random.is() }),
    splice: () => edits.splice(graph, wire, kind, random.is() ? place : null).edit,
    spliceThere: () => edits.splice(graph, wire, { id: other }, place).edit,
    move: () => edits.move(graph, Object.fromEntries(random.some(ids).map((/** @type {string} */ it) => [it, [random.next() * 900, random.below(900)]])), { typing: random.is() ? "move" : undefined }),
    align: () => edits.align(graph, random.some(ids, 0.7), random.one(["left", "center", "right", "top", "middle", "bottom", "across", "down"])),
    label: () => edits.rename(graph, id, random.one(["", "One", "Two", id])),
    field: () => edits.setField(graph, ["nodes", id, random.one(["prompt", "retry", "zebra", "timeout_s"])], random.one(["text", 5, { attempts: 2 }, undefined]), { typing: random.is() }),
    deepField: () => edits.setField(graph, ["nodes", id, random.one(["limits", "settings"]), random.one(["usd", "seed"])], random.one([1, 2, undefined]), { typing: true }),
    topField: () => edits.setField(graph, [random.one(["title", "description", "on_failure", "output"])], random.one(["finish", { a: "{state.x?}" }, undefined])),
    state: () => edits.setField(graph, ["state", random.one(["x", "y"])], random.one([{ schema: { type: "string" } }, undefined])),
    renameState: () => edits.renameStateKey(graph, random.one(["x", "y", "draft"]), random.one(["z", "x"])),
    option: () => edits.renameOption(graph, id, random.one(["approve", "ok"]), "agreed"),
    removeOption: () => edits.removeOption(graph, id, random.one(["approve", "reject", "revise"])),
    note: () => edits.addNote(graph, { x: random.below(100), y: 5.5, text: "note" }).edit,
    changeNote: () => edits.setNote(graph, random.one(edits.notesOf(graph)).index, random.one(["a", "b"])),
    moveNote: () => edits.moveNote(graph, random.one(edits.notesOf(graph)).index, { x: random.below(100), y: 1 }),
    removeNote: () => edits.removeNote(graph, random.one(edits.notesOf(graph)).index),
    duplicate: () => duplicate(graph, random.some(ids, 0.3)).edit,
    paste: () => paste(graph, copy(random.one(samples()), ["write", "review", "again"]), random.is() ? place : null).edit,
    fork: () => edits.forkWithJoin(graph, random.is() ? place : null, random.is() ? { edge: wire } : { from: { node: id } }).edit,
    gate: () => edits.insertGate(graph, wire).edit,
    group: () => edits.group(graph, random.some(ids, 0.4), { name: "Part" }).edit,
    ungroup: () => edits.ungroup(graph, id).edit,
    replace: () => edits.replaceDocument(graph, random.one([...samples(), graph])),
  };
  const names = Object.keys(all).filter((name) => !((!id && /[a-z]/.test(name) && !["addNode", "note", "topField", "state", "replace", "paste", "align", "move", "duplicate"].includes(name))));
  const name = random.one(random.is(0.03) ? ["replace"] : names.filter((it) => it !== "replace"));
  const needsWire = ["disconnect", "reconnect", "reconnectSource", "moveEdge", "splice", "spliceThere", "fork", "gate"];
  if (needsWire.includes(name) && !wire) return null;
  if (["changeNote", "moveNote", "removeNote"].includes(name) && edits.notesOf(graph).length === 0) return null;
  try {
    const edit = all[name]?.();
    // To lead the one repeat edge elsewhere is what that way out says it does.
    return edit ? { name: edit.title[0] === "wayOut.moveRepeat" ? "moveRepeat" : name, edit } : null;
  } catch (error) {
    if (error instanceof edits.Refused || (error instanceof Error && error.name === "MisfitChange")) return null;
    throw new Error(`${name} on ${JSON.stringify(graph).slice(0, 2000)}`, { cause: error });
  }
}
