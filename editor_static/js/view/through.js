// What the last run put through the selected node: what went in, what came out, by which way, and what it took. Rule: a
// value is a line until somebody opens it; it is the run's, so a graph that has changed since is said to have.
import { h, useMemo, useState, useSyncExternalStore } from "../../vendor/flow.js";
import { ROOT } from "../api.js";
import { partsOf } from "../live/names.js";
import { shownStatus } from "../live/overview.js";
import { isOf } from "../live/plan.js";
import { lookOf, recordOf } from "../live/record.js";
import { brief, outputOf } from "../live/values.js";
import { whyWaiting } from "../live/waiting.js";
import { useEditor } from "./context.js";
import { Icon } from "./icons.js";
import { portName } from "./look.js";
import { Pinning } from "./pinning.js";
import { Badge } from "./run/badge.js";
import { useLastRun } from "./run/last.js";
import { useNow } from "./run/now.js";
import { Picker } from "./run/picker.js";
import { moment, say, word } from "./run/speech.js";
import { Attempts, times, useInput } from "./run/told.js";
import { Failed, Value } from "./run/value.js";

/** @import { Json } from "../contract.js" */
/** @import { Plan } from "../live/plan.js" */
/** @import { RunStore, Shown } from "../live/run.js" */
/** @import { Record as ExecutionRecord } from "../live/record.js" */

/**
 * The path of a shown node in a run: its id after those of the sub-flows it stands in.
 * @param {import("../contract.js").Path} scope as `ui.scope`
 * @param {string} id
 */
export function runPath(scope, id) {
  return [...scope.filter((_, place) => place % 3 === 1), id].join("/");
}

/** @param {{ id: string }} props */
export function Through({ id }) {
  const editor = useEditor();
  const { state, store, problem } = useLastRun(editor.last);
  if (state === "unasked" || state === "asked") return null;
  const isOpen = editor.ui.isThroughOpen;
  const path = runPath(editor.ui.scope, id);
  return h(
    "section",
    { className: "through", "aria-label": word("through") },
    state === "none"
      ? h("div", { className: "through-none" }, h("p", { className: "quiet" }, word("through.none")), h("button", { className: "edged", onClick: () => editor.run("run") }, h(Icon, { name: "play" }), word("through.run")), h(Pinning, { id, path }))
      : state === "lost"
        ? h("p", { className: "through-none", role: "alert" }, problem)
        : store?.plan
          ? h(OfRun, { key: `${store.id} ${path}`, store, plan: store.plan, path, id, isOpen })
          : h("p", { className: "through-none quiet", role: "status" }, word("through.loading")),
  );
}

/** @param {{ store: RunStore, plan: Plan, path: string, id: string, isOpen: boolean }} props */
function OfRun({ store, plan, path, id, isOpen }) {
  const editor = useEditor();
  const shown = useSyncExternalStore(store.subscribe, store.get);
  const { overview, n } = shown;
  const view = overview.view(path);
  const [picked, setPicked] = useState(/** @type {string | null} */ (null));
  const executions = store.chronicle.executionsOf(path, n);
  const execution = picked !== null && store.chronicle.firstOf(picked) <= n ? picked : view.execution;
  const record = useMemo(() => (execution ? recordOf(execution, store.chronicle.byExecution.get(execution) ?? [], n, store.words.get(execution) ?? null) : null), [execution, n, shown.version, store]);
  const now = useNow(store.chronicle.now.outcome === null);
  const document = plan.scope("")?.document;
  const hasChanged = useMemo(() => document !== undefined && !isOf(document, editor.snapshot.graph), [document, editor.snapshot.graph]);
  if (!shown.length) return h("p", { className: "through-none quiet", role: "status" }, word("through.loading"));
  return [
    h(
      "div",
      { key: "head", className: "through-head" },
      h("button", { className: "through-title", "aria-expanded": isOpen, onClick: () => editor.setUi({ isThroughOpen: !isOpen }) }, h(Icon, { name: isOpen ? "down" : "right", size: 12 }), h("span", null, word("through")), h("span", { className: "quiet small" }, moment(overview.startedAt))),
      h(Badge, { status: execution === view.execution ? shownStatus(overview, view) : (record ? lookOf(record) : view.status) }),
      h("a", { className: "button is-plain icon-only", href: `${ROOT}runs/${encodeURIComponent(store.id)}?node=${encodeURIComponent(path)}`, "aria-label": word("through.see"), title: word("through.see") }, h(Icon, { name: "leave" })),
    ),
    isOpen
      ? h(
          "div",
          { key: "body", className: "through-body" },
          hasChanged ? h("p", { className: "through-changed" }, h(Icon, { name: "history", size: 14 }), h("span", null, word("through.changed"))) : null,
          shown.isLive ? null : h("p", { className: "through-changed" }, h(Icon, { name: "wait", size: 14 }), h("span", null, word("detail.asOf", n)), h("button", { className: "link", onClick: () => store.hold(null) }, word("scrub.now"))),
          h(Picker, { store, path, executions, execution, n, onPick: setPicked }),
          record && execution ? h(Values, { key: execution, store, shown, record, now, path, id }) : [h("p", { key: "why", className: "quiet" }, plan.node(path) ? say(whyWaiting(overview, plan, path) ?? ["through.unreached"]) : word("through.unknown")), h(Pinning, { key: "pin", id, path })],
        )
      : null,
  ];
}

/** @param {{ store: RunStore, shown: Shown, record: ExecutionRecord, now: number, path: string, id: string }} props */
function Values({ store, shown, record, now, path, id }) {
  const editor = useEditor();
  const { overview, n } = shown;
  const input = useInput(store, record);
  const view = overview.view(path);
  // What the journal leaves out because it follows is known of the latest execution alone.
  const output = record.output !== undefined || record.execution !== view.execution ? record.output : outputOf(store.chronicle, overview, view, n);
  const hasOutput = output !== undefined && (record.status === "completed" || record.status === "reused");
  const node = /** @type {any} */ (editor.graph["nodes"])?.[id];
  return h(
    "div",
    { className: "through-values" },
    h("p", { className: "quiet small through-took" }, [times(record, now, overview.outcome !== null), record.attempts.length > 1 ? word("count.try", record.attempts.length) : ""].filter(Boolean).join(" · ")),
    record.error ? h(Failed, { error: record.error }) : null,
    record.attempts.length > 1 ? h(Line, { name: word("detail.attempts"), text: record.attempts.map((one) => word(`status.${one.status}`)).join(" → ") }, h(Attempts, { record })) : null,
    input.value !== undefined && !isNothing(input.value) ? h(ValueLine, { name: word("detail.input"), value: input.value, note: input.note }) : input.note ? h("p", { className: "quiet small" }, `${word("detail.input")}: ${input.note}`) : null,
    hasOutput ? h(ValueLine, { name: word("detail.output"), value: /** @type {Json} */ (output) }) : null,
    record.port ? h("p", { className: "through-fact" }, h("span", { className: "quiet" }, word("through.port")), h("span", { className: "chip" }, portName(node, record.port)), record.target ? h("span", { className: "quiet" }, word("detail.target", record.target)) : null) : null,
    record.writes.map((write) => h(ValueLine, { key: write.key, name: h("code", null, write.key), label: write.key, value: write.value, isWrite: true })),
    h(Pinning, hasOutput && partsOf(record.execution).item === null ? { id, path, output: /** @type {Json} */ (output) } : { id, path }),
  );
}

/**
 * A value in one line, whole once it is opened.
 * @param {{ name: any, value: Json, label?: string, note?: string, isWrite?: boolean }} props
 */
function ValueLine({ name, value, label, note = "", isWrite = false }) {
  return h(Line, { name: isWrite ? [h("span", { key: "to", className: "quiet" }, `${word("through.write")} `), name] : name, text: brief(value, 160) }, note ? h("p", { className: "quiet small" }, note) : null, h(Value, { value, label: label ?? String(name) }));
}

/** @param {{ name: any, text: string, children?: any }} props */
function Line({ name, text, children }) {
  const [isOpen, setIsOpen] = useState(false);
  return h(
    "details",
    { className: "through-line", onToggle: (/** @type {any} */ event) => setIsOpen(event.currentTarget.open) },
    h("summary", null, h(Icon, { name: "right", size: 12 }), h("span", { className: "through-name" }, name), isOpen ? null : h("span", { className: "quiet ellipsis" }, text)),
    isOpen ? children : null,
  );
}

/** @param {Json} value */
function isNothing(value) {
  return value === null || (typeof value === "object" && !Object.keys(value).length);
}
