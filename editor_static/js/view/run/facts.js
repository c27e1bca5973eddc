// The run itself: how it failed, what came out, what went in, and the numbers.
import { h } from "../../../vendor/flow.js";
import { ROOT } from "../../api.js";
import { fact } from "./gate.js";
import { money, moment, number, span, word } from "./speech.js";
import { Failed, Value } from "./value.js";

/** @import { RunStore, Shown } from "../../live/run.js" */

/** @param {{shown: Shown, store: RunStore}} props */
export function RunFacts({ shown, store }) {
  const { overview } = shown;
  const { usage } = overview;
  return h(
    "section",
    { className: "run-facts", "aria-label": word("run.facts") },
    h(Failed, { error: overview.failure, where: overview.failure?.node ? word("run.failedAt", store.plan?.label(overview.failure.node) ?? overview.failure.node) : undefined }),
    isSomething(overview.output) && overview.outcome === "completed" ? h("section", { className: "detail-section" }, h("h4", null, word("detail.output")), h(Outputs, { value: overview.output })) : null,
    isSomething(overview.input) ? h("section", { className: "detail-section" }, h("h4", null, word("detail.input")), h(Outputs, { value: overview.input })) : null,
    h(
      "dl",
      { className: "facts" },
      fact(word("facts.started"), moment(overview.startedAt)),
      overview.endedAt === null ? null : fact(word("facts.ended"), moment(overview.endedAt)),
      fact(word("facts.work"), span(usage.seconds * 1000)),
      fact(word("facts.tokens"), number(usage.tokens)),
      fact(word("facts.cost"), money(usage.usd)),
      fact(word("facts.hash"), h("code", null, overview.graphHash.slice(0, 12))),
      overview.parent?.run ? fact(word("facts.parent"), h("a", { href: `${ROOT}runs/${encodeURIComponent(overview.parent.run)}` }, overview.parent.run)) : null,
    ),
    h("p", { className: "quiet small run-hint" }, word("run.hint")),
  );
}

/** @param {{value: any}} props */
function Outputs({ value }) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return h(Value, { value, label: word("detail.output") });
  return Object.entries(value).map(([key, one]) => h("div", { key, className: "prompt-part" }, h("h5", null, h("code", null, key)), h(Value, { value: /** @type {any} */ (one), label: key })));
}

/** @param {any} value */
function isSomething(value) {
  return value !== null && !(typeof value === "object" && !Object.keys(value).length);
}
