// The run in time. Rule: a row for each node, a bar for each execution; the chain that decided how long it took is
// outlined and said in words; a moment of the scrubber is a line across.
import { h, useMemo, useRef, useState } from "../../../vendor/flow.js";
import { TimelineFold, axisOf } from "../../live/timeline.js";
import { Icon } from "../icons.js";
import { span, word } from "./speech.js";

/** @import { Bar, Row } from "../../live/timeline.js" */
/** @import { Plan } from "../../live/plan.js" */
/** @import { RunStore, Shown } from "../../live/run.js" */

/** Bars thinner than this, side by side, are drawn as one. */
const FINEST = 0.001;
const MOST_BARS = 150;
/** A row's height, as run.css has it. */
const ROW_PX = 28;
/** Of more rows than these only those in view are made, and so many above and below them. */
const MANY_ROWS = 100;
const AROUND = 12;

/** @param {{store: RunStore, shown: Shown, plan: Plan, now: number, selected: string | null, onSelect: (path: string) => void}} props */
export function Timeline({ store, shown, plan, now, selected, onSelect }) {
  const fold = useMemo(() => new TimelineFold(plan), [store, plan]);
  const timeline = useMemo(() => fold.after(store.chronicle.events), [fold, store, shown.length]);
  const isOver = store.chronicle.now.outcome !== null;
  const end = isOver ? timeline.end : Math.max(timeline.end, now);
  const axis = useMemo(() => axisOf(timeline, end), [timeline, end]);
  const event = store.chronicle.events[shown.n - 1];
  const at = shown.isLive || !event ? null : axis.share(Date.parse(event.at));
  const chain = [...timeline.critical].reverse();
  if (!timeline.rows.length) return h("p", { className: "run-empty" }, word("time.none"));
  return h(
    "div",
    { className: "gantt" },
    h("p", { className: "gantt-chain quiet" }, h("span", { className: "gantt-key", "aria-hidden": true }), word("time.chain", chain.length > 6 ? `${chain.slice(0, 3).join(" → ")} → … → ${chain.slice(-2).join(" → ")}` : chain.join(" → "))),
    h(Rows, { timeline, plan, axis, end, selected, onSelect, at }),
  );
}

/** @param {{timeline: import("../../live/timeline.js").Timeline, plan: Plan, axis: import("../../live/timeline.js").Axis, end: number, selected: string | null, onSelect: (path: string) => void, at: number | null}} props */
function Rows({ timeline, plan, axis, end, selected, onSelect, at }) {
  const { rows, critical } = timeline;
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [top, setTop] = useState(0);
  const isWhole = rows.length <= MANY_ROWS;
  const first = isWhole ? 0 : Math.max(0, Math.min(top, rows.length) - AROUND);
  const last = isWhole ? rows.length : Math.min(rows.length, top + Math.ceil((place.current?.clientHeight ?? 600) / ROW_PX) + AROUND);
  return h(
    "div",
    { className: "gantt-scroll", ref: place, tabIndex: 0, role: "region", "aria-label": word("time.label"), onScroll: (/** @type {any} */ event) => setTop(Math.floor(event.currentTarget.scrollTop / ROW_PX)) },
    h("div", { className: "gantt-axis", "aria-hidden": true }, h("span", { className: "gantt-name" }), h("span", { className: "gantt-line" }, axis.ticks.map((tick) => h("span", { key: tick.at, className: "gantt-tick", style: { left: `${tick.share * 100}%` } }, tick.at === timeline.start ? "0" : span(tick.at - timeline.start))))),
    h("div", { style: { height: first * ROW_PX } }),
    rows.slice(first, last).map((row) => h(RowLine, { key: row.path, row, plan, axis, end, critical, isSelected: row.path === selected, onSelect, at })),
    h("div", { style: { height: (rows.length - last) * ROW_PX } }),
  );
}

/** @param {{row: Row, plan: Plan, axis: import("../../live/timeline.js").Axis, end: number, critical: Set<string>, isSelected: boolean, onSelect: (path: string) => void, at: number | null}} props */
function RowLine({ row, plan, axis, end, critical, isSelected, onSelect, at }) {
  const kind = plan.node(row.path)?.kind ?? "missing";
  const worked = row.bars.reduce((sum, bar) => sum + ((bar.end ?? end) - bar.start), 0);
  const isCritical = row.bars.some((bar) => critical.has(bar.execution));
  const name = [plan.label(row.path), row.bars.length > 1 ? word("time.bars", row.bars.length) : "", span(worked), isCritical ? word("time.isCritical") : ""].filter(Boolean).join(", ");
  return h(
    "div",
    { className: isSelected ? "gantt-row is-selected" : "gantt-row" },
    h("button", { type: "button", className: `gantt-name kind-${kind}`, style: { paddingInlineStart: `${8 + row.depth * 16}px` }, "aria-label": name, "aria-pressed": isSelected, onClick: () => onSelect(row.path) }, h(Icon, { name: kind, size: 14 }), h("span", null, plan.label(row.path))),
    h(
      "span",
      { className: "gantt-line", "aria-hidden": true, onClick: () => onSelect(row.path) },
      axis.breaks.map((gap) => h("span", { key: gap.from, className: "gantt-break", style: { left: `${gap.from * 100}%`, width: `${(gap.to - gap.from) * 100}%` }, title: word("time.break", span(gap.ms)) })),
      drawn(row.bars, axis, end).map((bar) => h("span", { key: bar.key, className: `gantt-bar status-${bar.status}${bar.executions.some((one) => critical.has(one)) ? " is-critical" : ""}${bar.isOpen ? " is-open" : ""}`, style: { left: `${bar.from * 100}%`, width: `max(3px, ${(bar.to - bar.from) * 100}%)` }, title: `${bar.executions[0]}${bar.executions.length > 1 ? " …" : ""} · ${word(`status.${bar.status}`)} · ${span(bar.ms)}` })),
      h(Worked, { bars: row.bars, axis, end, ms: worked }),
      at === null ? null : h("span", { className: "gantt-now", style: { left: `${at * 100}%` } }),
    ),
  );
}

/**
 * How long it took, beside the last bar: after it where there is room, else before the first.
 * @param {{bars: Bar[], axis: import("../../live/timeline.js").Axis, end: number, ms: number}} props
 */
function Worked({ bars, axis, end, ms }) {
  const first = axis.share(/** @type {Bar} */ (bars[0]).start);
  const last = Math.max(...bars.map((bar) => axis.share(bar.end ?? end)));
  if (ms < 0.5) return null;
  const isAfter = last < 0.9 || first < 0.1;
  return h("span", { className: isAfter && last < 0.9 ? "gantt-ms" : "gantt-ms is-before", style: isAfter && last < 0.9 ? { left: `${last * 100}%` } : { right: `${(1 - first) * 100}%` } }, first < 0.1 && last >= 0.9 ? "" : span(ms));
}

/**
 * @param {Bar[]} bars
 * @param {import("../../live/timeline.js").Axis} axis
 * @param {number} end
 */
function drawn(bars, axis, end) {
  /** @type {{key: number, from: number, to: number, status: string, executions: string[], isOpen: boolean, ms: number}[]} */
  const made = [];
  const finest = bars.length > MOST_BARS ? 1 / MOST_BARS : FINEST;
  for (const [key, bar] of bars.entries()) {
    const from = axis.share(bar.start);
    const to = axis.share(bar.end ?? end);
    const before = made[made.length - 1];
    if (before && bars.length > 20 && to - before.from < finest && before.status === bar.status) {
      before.to = to;
      before.executions.push(bar.execution);
      before.ms += (bar.end ?? end) - bar.start;
    } else made.push({ key, from, to, status: bar.status, executions: [bar.execution], isOpen: bar.end === null, ms: (bar.end ?? end) - bar.start });
  }
  return made;
}
