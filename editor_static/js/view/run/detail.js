// One node, told whole: why it waits, and for the execution that is chosen its attempts, input, prompt, model text, tool
// calls, output, writes and what it used. Rule: a section is there only if there is something to say.
import { h, useEffect, useMemo, useState } from "../../../vendor/flow.js";
import { shownStatus } from "../../live/overview.js";
import { lookOf, recordOf } from "../../live/record.js";
import { brief } from "../../live/values.js";
import { whyWaiting } from "../../live/waiting.js";
import { Icon } from "../icons.js";
import { money, number, say, span, word } from "./speech.js";
import { Badge } from "./badge.js";
import { Picker } from "./picker.js";
import { Attempts, times, useInput } from "./told.js";
import { Failed, Value } from "./value.js";

/** @import { Json } from "../../contract.js" */
/** @import { RunStore, Shown } from "../../live/run.js" */
/** @import { Plan } from "../../live/plan.js" */
/** @import { Record as ExecutionRecord, ModelStep, ToolCall } from "../../live/record.js" */

/**
 * @param {object} props
 * @param {RunStore} props.store
 * @param {Shown} props.shown
 * @param {Plan} props.plan
 * @param {string} props.path
 * @param {number} props.now
 * @param {() => void} props.onClose
 * @param {(path: string) => void} props.onEnter
 * @param {(n: number) => void} props.onMoment
 */
export function NodeDetail({ store, shown, plan, path, now, onClose, onEnter, onMoment }) {
  const { overview, n } = shown;
  const view = overview.view(path);
  const executions = store.chronicle.executionsOf(path, n);
  const [picked, setPicked] = useState(/** @type {string | null} */ (null));
  useEffect(() => setPicked(null), [path]);
  const execution = picked !== null && (executions.includes(picked) || store.chronicle.firstOf(picked) <= n) ? picked : view.execution;
  const record = useMemo(() => (execution ? recordOf(execution, store.chronicle.byExecution.get(execution) ?? [], n, store.words.get(execution) ?? null) : null), [execution, n, shown.version, store]);
  const node = plan.node(path);
  const kind = node?.kind ?? "missing";
  const why = execution === view.execution ? whyWaiting(overview, plan, path) : null;
  return h(
    "section",
    { className: "run-detail", "aria-label": plan.label(path) },
    h(
      "header",
      { className: `detail-head kind-${kind}` },
      h(Icon, { name: kind }),
      h("h3", null, plan.label(path)),
      h("span", { className: "quiet" }, word(`kind.${kind}`)),
      h("button", { type: "button", className: "icon-button", "aria-label": word("close"), onClick: onClose }, h(Icon, { name: "close" })),
    ),
    h("div", { className: "detail-status" }, h(Badge, { status: execution === view.execution ? shownStatus(overview, view) : (record ? lookOf(record) : view.status) }), record ? h("span", { className: "quiet" }, times(record, now, overview.outcome !== null)) : null),
    why ? h("p", { className: "detail-why" }, say(why)) : null,
    node?.description ? h("p", { className: "quiet" }, node.description) : null,
    kind === "subgraph" && plan.scope(path) ? h("button", { type: "button", className: "button is-small", onClick: () => onEnter(path) }, h(Icon, { name: "subgraph" }), word("detail.enter")) : null,
    h(Picker, { store, path, executions, execution: execution ?? "", n, onPick: setPicked }),
    record ? h(Sections, { store, shown, record, node, onMoment, onGraph: (/** @type {string} */ name) => (plan.scope(`${path}!${name}`) ? () => onEnter(`${path}!${name}`) : null) }) : null,
  );
}

/** @typedef {(name: string) => (() => void) | null} OnGraph opens a graph that the agent called */

/** @param {{store: RunStore, shown: Shown, record: ExecutionRecord, node: any, onMoment: (n: number) => void, onGraph: OnGraph}} props */
function Sections({ store, shown, record, node, onMoment, onGraph }) {
  const input = useInput(store, record);
  const isAgent = node?.kind === "agent";
  return h(
    "div",
    { className: "detail-sections" },
    record.progress ? section("progress", word("detail.progress"), h("p", null, record.progress.text, record.progress.fraction === null ? "" : ` ${Math.round(record.progress.fraction * 100)} %`)) : null,
    record.error ? h(Failed, { error: record.error }) : null,
    record.attempts.length > 1 || record.error ? section("attempts", word("detail.attempts"), h(Attempts, { record })) : null,
    input.value !== undefined && hasSomething(input.value) ? section(isAgent ? "prompt" : "input", isAgent ? word("detail.prompt") : word("detail.input"), isAgent ? h(Prompts, { value: input.value }) : h(Value, { value: input.value, label: word("detail.input") }), input.note) : input.note ? section("input", word("detail.input"), h("p", { className: "quiet" }, input.note)) : null,
    record.steps.length || record.calls.length ? section("steps", isAgent ? word("detail.turn") : word("detail.calls"), h(Turn, { record, onGraph })) : null,
    record.gates.length ? section("gates", word("detail.questions"), h(Questions, { record })) : null,
    record.output !== undefined && record.status === "completed" ? section("output", word("detail.output"), h(Value, { value: record.output, label: word("detail.output") }), record.port && record.port !== "ok" ? word("detail.port", record.port) : record.target ? word("detail.target", record.target) : "") : null,
    record.writes.length ? section("writes", word("detail.writes"), h("ul", { className: "plain" }, record.writes.map((write) => h("li", { key: write.key }, h("code", null, write.key), " ← ", h("span", { className: "quiet" }, brief(write.value)))))) : null,
    record.inputN ? h("button", { type: "button", className: "link-button", onClick: () => onMoment(record.inputN) }, word("detail.goThere")) : null,
    shown.isLive ? null : h("p", { className: "quiet small" }, word("detail.asOf", shown.n)),
  );
}

/**
 * @param {string} key
 * @param {string} title
 * @param {any} body
 * @param {string} [note]
 */
function section(key, title, body, note) {
  return h("section", { key, className: "detail-section", "data-section": key }, h("h4", null, title, note ? h("span", { className: "quiet" }, note) : null), body);
}

/** @param {any} value */
function hasSomething(value) {
  return value !== null && !(typeof value === "object" && !Object.keys(value).length);
}

/** @param {{value: Json}} props */
export function Prompts({ value }) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return h(Value, { value, label: word("detail.prompt") });
  return Object.entries(value).map(([key, one]) => h("div", { key, className: "prompt-part" }, h("h5", null, word(`prompt.${key}`)), h(Value, { value: one, label: word(`prompt.${key}`) })));
}

/**
 * An agent's turn in its order: what each model said, which tools it called.
 * @param {{record: ExecutionRecord, onGraph: OnGraph}} props
 */
function Turn({ record, onGraph }) {
  const parts = [...record.steps.map((step) => ({ n: step.n, part: h(Step, { key: `s${step.n}`, step }) })), ...record.calls.map((call) => ({ n: call.n, part: h(Call, { key: `c${call.n}`, call, onGraph }) }))];
  return h("ol", { className: "turn" }, parts.sort((a, b) => a.n - b.n).map((one) => one.part));
}

/** @param {{step: ModelStep}} props */
function Step({ step }) {
  const who = step.agent ? `${step.agent.split("!")[0]} · ` : "";
  const used = step.usage ? [word("usage.tokens", number(step.usage.tokens)), money(step.usage.usd)].join(" · ") : "";
  const time = step.answeredAt === null ? word("detail.answering") : span(step.answeredAt - step.askedAt);
  return h(
    "li",
    { className: step.isStreaming ? "turn-step is-streaming" : "turn-step" },
    h("p", { className: "turn-head" }, h(Icon, { name: "agent", size: 14 }), h("span", null, `${who}${step.model}`), h("span", { className: "quiet" }, [time, used].filter(Boolean).join(" · "))),
    step.text ? h(Value, { value: step.text, label: word("detail.text") }) : null,
    step.error ? h(Failed, { error: step.error }) : null,
  );
}

/** @param {{call: ToolCall, onGraph: OnGraph}} props */
function Call({ call, onGraph }) {
  const open = call.tool.startsWith("graph:") ? onGraph(call.tool.slice(6)) : null;
  const time = call.settledAt === null ? word("detail.underWay") : span(call.settledAt - call.claimedAt);
  return h(
    "li",
    { className: "turn-call" },
    h("p", { className: "turn-head" }, h(Icon, { name: "tool", size: 14 }), h("code", null, call.tool), h("span", { className: "quiet" }, [word(`effect.${call.effect}`), time].join(" · ")), open ? h("button", { type: "button", className: "link-button", onClick: open }, word("detail.enter")) : null),
    call.args === undefined ? h("p", { className: "quiet small" }, word("detail.argsHash", call.argsHash.slice(0, 12))) : h(Value, { value: call.args, label: word("detail.args") }),
    call.result === undefined ? null : h("details", { open: true }, h("summary", null, word("detail.result")), h(Value, { value: call.result, label: word("detail.result") })),
    call.error ? h(Failed, { error: call.error }) : null,
  );
}

/** @param {{record: ExecutionRecord}} props */
function Questions({ record }) {
  return h(
    "ol",
    { className: "questions" },
    record.gates.map((gate) =>
      h(
        "li",
        { key: gate.n },
        h("p", { className: "gate-prompt is-short" }, gate.prompt),
        gate.answeredAt === null ? h("span", { className: "quiet" }, word("detail.asked", `@${new Date(gate.openedAt).toISOString()}`)) : h("span", null, word("detail.answered", gate.option ?? "", gate.by ?? word("nobody"), `@${new Date(gate.answeredAt).toISOString()}`)),
        hasSomething(gate.form) ? h(Value, { value: gate.form, label: word("detail.answer") }) : null,
      ),
    ),
  );
}
