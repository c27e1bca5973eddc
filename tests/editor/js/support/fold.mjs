// Folds a journal as the pages do and prints what came out, for a test that compares it with the engine's own fold.
// Input: {"plan": RunDocuments, "events": [...], "at": [n, ...]} on stdin.

import { readFileSync } from "node:fs";
import { Chronicle } from "../../../../editor_static/js/live/chronicle.js";
import { edgeStates } from "../../../../editor_static/js/live/edges.js";
import { Plan } from "../../../../editor_static/js/live/plan.js";
import { stateAt, stepsOf } from "../../../../editor_static/js/live/state.js";

const { plan: documents, events, at } = JSON.parse(readFileSync(0, "utf8"));
const plan = new Plan(documents);
const chronicle = new Chronicle(plan);
for (const event of events) chronicle.take(event);
const steps = events.flatMap(stepsOf);

const told = at.map((n) => {
  const { status, usage, nodes } = chronicle.at(n);
  const views = [...nodes.values()].map((view) => [view.path, [view.status, view.execution, view.attempt, view.executions, view.items, view.itemsDone, view.itemsFailed, view.usage.tokens]]);
  return { n, status, tokens: usage.tokens, nodes: Object.fromEntries(views), edges: Object.fromEntries(edgeStates(chronicle.at(n), plan, "")), state: stateAt(steps, "", n, plan) };
});
process.stdout.write(JSON.stringify(told));
