// Random graphs with what refusals.js says of random wires, one JSON object a line: for tests/editor/test_refusals.py, which
// asks the engine's checker the same.

import { apply } from "../../../../editor_static/js/document/changes.js";
import { addNode, connect, group, removeNodes, splice, ungroup } from "../../../../editor_static/js/document/edits.js";
import { KINDS, allEdges, newNode, nodeAt, nodesOf, portsOf } from "../../../../editor_static/js/document/kinds.js";
import { judgeGroup } from "../../../../editor_static/js/document/grouping.js";
import { judgeWire, targetsFor } from "../../../../editor_static/js/document/refusals.js";
import { chance } from "./random.mjs";

const [count = 100, first = 0] = process.argv.slice(2).map(Number);
/** Kinds as often as they make ways: loop-backs and forks are what wires can be wrong about. */
const OFTEN = ["agent", "agent", "tool", "parallel-fork", "parallel-fork", "join", "join", "loop-back", "human-gate", "wait", "end", "subgraph"];

/** A graph that was drawn as a person would: node by node, only with wires that are allowed. */
function drawn(/** @type {ReturnType<typeof chance>} */ random) {
  let graph = /** @type {any} */ ({ format: "weft/1", name: "random", nodes: {} });
  const steps = 4 + random.below(22);
  for (let number = 0; number < steps; number += 1) {
    const ids = Object.keys(nodesOf(graph));
    const node = random.one(ids);
    if (number < 2 || random.is(0.55)) {
      const from = node && random.is(0.85) ? { node, on: random.is(0.7) ? undefined : random.one(portsOf(nodeAt(graph, node))) } : undefined;
      graph = apply(graph, addNode(graph, random.one(OFTEN), [0, 0], { from }).edit.changes).graph;
    } else if (random.is(0.15) && allEdges(graph).length > 0) {
      graph = apply(graph, splice(graph, random.one(allEdges(graph)), random.one(OFTEN), [0, 0]).edit.changes).graph;
    } else if (random.is(0.1)) graph = apply(graph, removeNodes(graph, [node], { bridge: true }).changes).graph;
    else {
      const wire = { node, on: random.one(portsOf(nodeAt(graph, node))), to: random.one(ids), when: random.is(0.3) ? "iteration > 1" : undefined };
      const verdict = judgeWire(graph, wire);
      if (verdict.ok) graph = apply(graph, connect(graph, wire).changes).graph;
      else if (verdict.wayOut && random.is(0.6)) graph = apply(graph, verdict.wayOut.edit.changes).graph;
    }
  }
  return graph;
}

for (let seed = first; seed < first + count; seed += 1) {
  const random = chance(seed);
  const graph = drawn(random);
  const ids = Object.keys(nodesOf(graph));
  const wires = [];
  for (let number = 0; number < 12 && ids.length > 0; number += 1) {
    const node = random.one(ids);
    const on = random.one(portsOf(nodeAt(graph, node)));
    if (on === undefined) continue;
    const wire = { node, on, to: random.one(ids), ...(random.is(0.2) ? { when: "iteration > 1" } : {}) };
    const verdict = judgeWire(graph, wire);
    wires.push({
      wire,
      ok: verdict.ok,
      reason: verdict.ok ? null : verdict.reason,
      drawn: apply(graph, connect(graph, wire).changes).graph,
      repaired: !verdict.ok && verdict.wayOut ? apply(graph, verdict.wayOut.edit.changes).graph : null,
    });
    if (!("when" in wire)) {
      const listed = targetsFor(graph, node, on).find(({ id }) => id === wire.to)?.verdict;
      if (listed?.ok !== verdict.ok) throw new Error(`targetsFor and judgeWire differ on ${JSON.stringify(wire)} of seed ${seed}`);
    }
  }
  const chosen = random.some(ids, 0.4);
  const verdict = judgeGroup(graph, chosen);
  const grouped = verdict.ok ? group(graph, chosen, { name: "Part" }) : null;
  const inner = grouped && apply(graph, grouped.edit.changes).graph;
  console.log(JSON.stringify({ seed, graph, wires, grouped: inner, opened: grouped && apply(inner, ungroup(inner, grouped.id).edit.changes).graph }));
}
if (count === 0) console.log(JSON.stringify(Object.fromEntries(KINDS.map((kind) => [kind, newNode(/** @type {any} */ (kind))]))));
