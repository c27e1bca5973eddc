// The run as a table: what the picture shows, in words, for readers who see no picture and for those who copy numbers.
import { h } from "../../../vendor/flow.js";
import { shownStatus } from "../../live/overview.js";
import { whyWaiting } from "../../live/waiting.js";
import { money, number, say, span, word } from "./speech.js";
import { Badge } from "./badge.js";

/** @import { Plan } from "../../live/plan.js" */
/** @import { Shown } from "../../live/run.js" */

/** @param {{plan: Plan, shown: Shown, now: number, selected: string | null, onSelect: (path: string) => void}} props */
export function NodeTable({ plan, shown, now, selected, onSelect }) {
  const { overview } = shown;
  const paths = pathsOf(plan, "", 0);
  return h(
    "div",
    { className: "table-scroll", tabIndex: 0, role: "region", "aria-label": word("table.label") },
    h(
      "table",
      { className: "nodes" },
      h("thead", null, h("tr", null, ["node", "kind", "status", "round", "tries", "time", "tokens", "cost", "why"].map((key) => h("th", { key, scope: "col", className: NUMERIC.has(key) ? "is-number" : undefined }, word(`table.${key}`))))),
      h(
        "tbody",
        null,
        paths.map(({ path, depth }) => {
          const view = overview.view(path);
          const why = whyWaiting(overview, plan, path);
          const time = view.startedAt === null ? "" : span((view.endedAt ?? (overview.outcome ? (overview.endedAt ?? view.startedAt) : now)) - view.startedAt);
          return h(
            "tr",
            { key: path, className: path === selected ? "is-selected" : undefined },
            h("th", { scope: "row", style: { paddingInlineStart: `${12 + depth * 16}px` } }, h("button", { type: "button", className: "link-button", onClick: () => onSelect(path) }, plan.label(path))),
            h("td", null, word(`kind.${plan.node(path)?.kind ?? "missing"}`)),
            h("td", null, h(Badge, { status: shownStatus(overview, view) })),
            h("td", { className: "is-number" }, view.items !== null ? word("count.of", view.itemsDone + view.itemsFailed, view.items) : view.executions || ""),
            h("td", { className: "is-number" }, view.status === "skipped" ? "" : view.attempt || ""),
            h("td", { className: "is-number" }, time),
            h("td", { className: "is-number" }, view.usage.tokens ? number(view.usage.tokens) : ""),
            h("td", { className: "is-number" }, view.usage.tokens || view.usage.usd ? money(view.usage.usd) : ""),
            h("td", { className: "why" }, view.error && view.status === "failed" ? `${view.error.class}: ${view.error.message}` : why ? say(why) : ""),
          );
        }),
      ),
    ),
  );
}

const NUMERIC = new Set(["round", "tries", "time", "tokens", "cost"]);

/**
 * Every node in the order of the walk, those of sub-flows below theirs.
 * @param {Plan} plan
 * @param {string} scope
 * @param {number} depth
 * @returns {{path: string, depth: number}[]}
 */
function pathsOf(plan, scope, depth) {
  if (depth > 8) return [];
  return (plan.scope(scope)?.order ?? []).flatMap((id) => {
    const path = scope ? `${scope}/${id}` : id;
    return [{ path, depth }, ...(plan.node(path)?.kind === "subgraph" ? pathsOf(plan, path, depth + 1) : [])];
  });
}
