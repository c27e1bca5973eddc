// The state, step by step: each write, and what the whole looked like after it. Rule: what the step changed is marked; the
// step that is looked at is the last one up to the moment of the scrubber, so both always say the same.
import { h, useMemo, useState } from "../../../vendor/flow.js";
import { differences, stateAt } from "../../live/state.js";
import { brief } from "../../live/values.js";
import { moment, word } from "./speech.js";
import { Value } from "./value.js";

/** @import { RunStore, Shown } from "../../live/run.js" */

const MOST_LISTED = 400;

/** @param {{store: RunStore, shown: Shown}} props */
export function StateSteps({ store, shown }) {
  const scopes = useMemo(() => ["", ...new Set(store.steps.map((step) => step.scope).filter(Boolean))], [store, shown.length]);
  const [scope, setScope] = useState("");
  const steps = useMemo(() => store.steps.filter((step) => step.scope === scope), [store, shown.length, scope]);
  const current = steps.reduce((best, step, place) => (step.n <= shown.n ? place : best), -1);
  const step = steps[current];
  const after = useMemo(() => stateAt(store.steps, scope, shown.n, store.plan), [store, scope, shown.n, shown.length]);
  const before = useMemo(() => (step ? stateAt(store.steps, scope, step.n - 1, store.plan) : {}), [store, scope, step?.n]);
  const changed = step ? differences(before, after) : [];
  const first = Math.max(0, Math.min(current - MOST_LISTED / 2, steps.length - MOST_LISTED));
  return h(
    "div",
    { className: "state" },
    h(
      "div",
      { className: "state-steps" },
      scopes.length > 1 ? h("select", { value: scope, "aria-label": word("state.scope"), onChange: (/** @type {any} */ event) => setScope(event.currentTarget.value) }, scopes.map((one) => h("option", { key: one, value: one }, one || word("state.whole")))) : null,
      steps.length ? h("ol", { className: "plain", "aria-label": word("state.steps") }, steps.slice(first, first + MOST_LISTED).map((one, place) => h("li", { key: `${one.n}-${one.key}` }, h("button", { type: "button", className: "state-step", "aria-current": first + place === current ? "step" : undefined, onClick: () => store.hold(one.n) }, h("code", null, one.key), h("span", { className: "quiet" }, `${one.execution} · ${moment(one.at)}`))))) : h("p", { className: "run-empty" }, word("state.none")),
    ),
    h(
      "div",
      { className: "state-after" },
      changed.length ? h("div", { className: "state-changes" }, h("h4", null, word("state.changed", step?.execution ?? "")), h("ul", { className: "plain" }, changed.slice(0, 50).map((one) => h("li", { key: one.path }, h("code", null, one.path), " ", one.before === undefined ? null : h("del", null, brief(one.before, 120)), " ", one.after === undefined ? null : h("ins", null, brief(one.after, 120)))))) : null,
      h("h4", null, word("state.after", shown.n)),
      Object.keys(after).length ? h("dl", { className: "state-values" }, Object.entries(after).map(([key, value]) => h("div", { key, className: changed.some((one) => one.path === key || one.path.startsWith(`${key}.`) || one.path.startsWith(`${key}[`)) ? "is-changed" : undefined }, h("dt", null, h("code", null, key)), h("dd", null, h(Value, { value, label: key }))))) : h("p", { className: "quiet" }, word("state.empty")),
    ),
  );
}
