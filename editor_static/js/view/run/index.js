// A run to look at and to steer. Rule: one store for one run; everything that is shown stands at the same moment of it.
// The editor and the run's own page show the same view.
import { h, useCallback, useEffect, useRef, useState, useSyncExternalStore } from "../../../vendor/flow.js";
import { Plan } from "../../live/plan.js";
import { RunStore } from "../../live/run.js";
import { Problem, ROOT, value as asked } from "../../api.js";
import { GateForm, fact } from "./gate.js";
import { Icon } from "../icons.js";
import { money, moment, number, span, usageWords, word } from "./speech.js";
import { browser } from "./surroundings.js";
import { Badge } from "./badge.js";
import { NodeDetail } from "./detail.js";
import { EventList, eventWords } from "./events.js";
import { RunPicture } from "./picture.js";
import { Scrubber } from "./scrubber.js";
import { StateSteps } from "./state.js";
import { NodeTable } from "./table.js";
import { Timeline } from "./timeline.js";
import { Failed, Value } from "./value.js";

export { StartRun } from "./start.js";

/** @import { Shown } from "../../live/run.js" */
/** @import { Gate } from "./gate.js" */

const TABS = /** @type {const} */ (["timeline", "events", "state", "table"]);
const SAID_EVERY_MS = 4000;

/**
 * @param {object} props
 * @param {string} props.run its id
 * @param {string} [props.name] the graph's name, where it is known before the run is
 * @param {RunStore} [props.store] one that is kept elsewhere; absent: the view makes and closes its own
 * @param {() => void} [props.onRetried] a new run was made of this one
 * @param {import("../../../vendor/flow.js").ReactNode} [props.lead] what stands before the title, for instance a way back
 */
export function RunView({ run, name, store: given, lead }) {
  const [made, setMade] = useState(/** @type {RunStore | null} */ (given ?? null));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  useEffect(() => {
    if (given) return setMade(given);
    let isGone = false;
    /** @type {RunStore | null} */
    let own = null;
    setMade(null);
    asked("GET", `api/runs/${encodeURIComponent(run)}/documents`).then(
      (told) => {
        if (isGone) return;
        own = new RunStore(run, new Plan(told), browser, `${ROOT}api/runs/${encodeURIComponent(run)}/events`);
        setMade(own);
      },
      (error) => !isGone && setProblem(error),
    );
    return () => {
      isGone = true;
      own?.close();
    };
  }, [run, given]);
  if (problem) return h("div", { className: "run-view" }, h("div", { className: "banner is-failed", role: "alert" }, h("strong", null, problem.message), problem.hint ? h("span", null, problem.hint) : null));
  if (!made?.plan) return h("div", { className: "run-view is-loading" }, h("p", { className: "run-empty", role: "status" }, word("run.loading", name ?? run)));
  return h(Whole, { key: made.id, store: made, plan: made.plan, lead });
}

/** @param {{store: RunStore, plan: Plan, lead?: any}} props */
function Whole({ store, plan, lead }) {
  const shown = useSyncExternalStore(store.subscribe, store.get);
  const now = useNow(store.chronicle.now.outcome === null);
  const [selected, setSelected] = useState(/** @type {string | null} */ (null));
  const [inside, setInside] = useState("");
  const [tab, setTab] = useState(/** @type {string} */ ("timeline"));
  const [isDrawerOpen, setIsDrawerOpen] = useState(true);
  const path = `api/runs/${encodeURIComponent(store.id)}`;
  const select = useCallback((/** @type {string | null} */ node) => {
    setSelected(node);
    if (node !== null) setInside(node.includes("/") ? node.slice(0, node.lastIndexOf("/")) : "");
  }, []);
  const enter = useCallback((/** @type {string} */ node) => {
    setInside(node);
    setSelected(null);
  }, []);
  const root = useRef(/** @type {HTMLDivElement | null} */ (null));
  /** @param {any} event */
  const keyed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "range") return;
    if (event.key === "[" || event.key === "]") {
      event.preventDefault();
      store.step(event.key === "[" ? -1 : 1);
    }
    if (event.key === "Escape" && selected !== null) {
      setSelected(null);
      root.current?.querySelector(/** @type {any} */ ("g.node[tabindex='0']"))?.focus();
    }
  };
  const gates = useGates(store, path);
  return h(
    "div",
    { className: "run-view", ref: root, onKeyDown: keyed },
    h(Head, { store, shown, now, path, lead }),
    h(
      "div",
      { className: "run-main" },
      h(
        "div",
        { className: "run-left" },
        inside ? h(Crumbs, { plan, inside, onEnter: enter }) : null,
        h(RunPicture, { path: `${path}/diagram.svg?live=1`, inside, plan, shown, now, selected, onSelect: select, onEnter: enter }),
        h(Scrubber, { store, shown }),
      ),
      h(
        "aside",
        { className: "run-side", "aria-label": word("run.side") },
        gates.length ? h("div", { className: "run-gates" }, gates.map((gate) => h(GateForm, { key: gate.gate, gate, now, leadsTo: leadsTo(plan, gate), cost: usageWords(store.chronicle.now.usage) || null, decide: (option, form) => asked("POST", `${path}/gates/${encodeURIComponent(gate.gate)}`, { option, form }) }))) : null,
        selected !== null ? h(NodeDetail, { key: selected, store, shown, plan, path: selected, now, onClose: () => setSelected(null), onEnter: enter, onMoment: (n) => store.hold(n) }) : h(RunFacts, { shown, store, now }),
      ),
    ),
    h(Drawer, { tab: isDrawerOpen ? tab : null, onTab: (/** @type {string} */ next) => (setIsDrawerOpen(!isDrawerOpen || next !== tab), setTab(next)) },
      !isDrawerOpen ? null
        : tab === "timeline" ? h(Timeline, { store, shown, plan, now, selected, onSelect: select })
        : tab === "events" ? h(EventList, { store, shown, onSelect: select })
        : tab === "state" ? h(StateSteps, { store, shown })
        : h(NodeTable, { plan, shown, now, selected, onSelect: select })),
    h(Spoken, { store, shown }),
  );
}

/** @param {{store: RunStore, shown: Shown, now: number, path: string, lead: any}} props */
function Head({ store, shown, now, path, lead }) {
  const { overview } = shown;
  const last = store.chronicle.now;
  const [said, setSaid] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const status = overview.status === "waiting" && overview.gates.size ? "asking" : overview.status;
  const isOpen = last.outcome === null;
  const canResume = last.outcome === "failed" || last.outcome === "cancelled";
  /** @param {"cancel" | "resume"} what */
  const act = async (what) => {
    setIsBusy(true);
    setSaid("");
    try {
      await asked("POST", `${path}/${what}`, {});
      if (what === "resume") store.reopen(`${ROOT}${path}/events`);
    } catch (error) {
      setSaid(String(/** @type {Error} */ (error).message));
    }
    setIsBusy(false);
  };
  const until = overview.endedAt ?? (isOpen && shown.isLive ? now : overview.at);
  return h(
    "header",
    { className: "run-head" },
    lead ?? null,
    h("h2", { className: "run-title" }, String(store.plan?.scope("")?.document["title"] ?? (overview.graph || store.id))),
    h(Badge, { status }),
    h("span", { className: "quiet mono run-id" }, store.id),
    h("span", { className: "run-numbers" }, overview.startedAt === null ? "" : span(overview.endedAt === null ? Math.floor((until - overview.startedAt) / 1000) * 1000 : until - overview.startedAt), h("span", { className: "quiet" }, usageWords(overview.usage))),
    h("span", { className: "grow" }),
    h(Line, { line: shown.line }),
    h(Exports, { path }),
    isOpen ? h("button", { type: "button", className: "button", disabled: isBusy || last.isCancelRequested, onClick: () => void act("cancel") }, last.isCancelRequested ? word("run.cancelling") : word("run.cancel")) : null,
    canResume ? h("button", { type: "button", className: "button is-first", disabled: isBusy, onClick: () => void act("resume") }, h(Icon, { name: "play" }), word("run.resume")) : null,
    said ? h("p", { className: "form-said", role: "alert" }, said) : null,
  );
}

/** @param {{line: string}} props */
function Line({ line }) {
  if (line === "over" || line === "resting") return null;
  return h("span", { className: `run-line is-${line}`, role: "status" }, h("span", { className: "run-dot", "aria-hidden": true }), word(`line.${line}`));
}

/** @param {{path: string}} props */
function Exports({ path }) {
  const menu = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  return h(
    "details",
    { className: "menu", ref: menu, onKeyDown: (/** @type {any} */ event) => event.key === "Escape" && menu.current?.open && (event.stopPropagation(), (menu.current.open = false), menu.current.querySelector("summary")?.focus()), onBlur: (/** @type {any} */ event) => menu.current && !menu.current.contains(event.relatedTarget) && (menu.current.open = false) },
    h("summary", { className: "button" }, h(Icon, { name: "share" }), word("run.export")),
    h("div", { className: "menu-list" }, ["svg", "png", "pdf", "mmd", "dot"].map((ending) => h("a", { key: ending, href: `${ROOT}${path}/diagram.${ending}`, target: "_blank", rel: "noopener", download: ending === "svg" || ending === "png" || ending === "pdf" ? undefined : "" }, word(`export.${ending}`)))),
  );
}

/** @param {{plan: Plan, inside: string, onEnter: (path: string) => void}} props */
function Crumbs({ plan, inside, onEnter }) {
  const parts = inside.split("/");
  return h(
    "nav",
    { className: "run-crumbs", "aria-label": word("run.crumbs") },
    h("button", { type: "button", className: "link-button", onClick: () => onEnter("") }, plan.root),
    parts.map((_, place) => {
      const path = parts.slice(0, place + 1).join("/");
      return [h("span", { key: `${path} `, "aria-hidden": true }, "/"), place === parts.length - 1 ? h("span", { key: path, "aria-current": "location" }, plan.label(path)) : h("button", { key: path, type: "button", className: "link-button", onClick: () => onEnter(path) }, plan.label(path))];
    }),
  );
}

/** @param {{shown: Shown, store: RunStore, now: number}} props */
function RunFacts({ shown, store }) {
  const { overview } = shown;
  const { usage } = overview;
  return h(
    "section",
    { className: "run-facts", "aria-label": word("run.facts") },
    h(Failed, { error: overview.failure, where: overview.failure?.node ? word("run.failedAt", store.plan?.label(overview.failure.node) ?? overview.failure.node) : undefined }),
    overview.output !== null && overview.outcome === "completed" ? h("section", { className: "detail-section" }, h("h4", null, word("detail.output")), h(Outputs, { value: overview.output })) : null,
    overview.input !== null ? h("section", { className: "detail-section" }, h("h4", null, word("detail.input")), h(Outputs, { value: overview.input })) : null,
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

/** @param {{tab: string | null, onTab: (tab: string) => void, children?: any}} props */
function Drawer({ tab, onTab, children }) {
  /** @param {any} event */
  const keyed = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[/** @type {string} */ (event.key)];
    if (!by) return;
    const tabs = /** @type {HTMLElement[]} */ ([...event.currentTarget.querySelectorAll("[role=tab]")]);
    const at = tabs.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    tabs[(at + by + tabs.length) % tabs.length]?.focus();
  };
  return h(
    "section",
    { className: tab ? "run-drawer" : "run-drawer is-closed", "aria-label": word("drawer.label") },
    h("div", { className: "tabs", role: "tablist", "aria-label": word("drawer.label"), onKeyDown: keyed }, TABS.map((one, place) => h("button", { key: one, type: "button", role: "tab", id: `run-tab-${one}`, "aria-selected": tab === one, "aria-controls": tab === one ? "run-panel" : undefined, tabIndex: tab === one || (!tab && place === 0) ? 0 : -1, onClick: () => onTab(one) }, word(`drawer.${one}`)))),
    tab ? h("div", { className: "drawer-body", role: "tabpanel", id: "run-panel", "aria-labelledby": `run-tab-${tab}` }, children) : null,
  );
}

/**
 * What a screen reader is told while it runs: the last event that matters, not more often than it can be heard.
 * @param {{store: RunStore, shown: Shown}} props
 */
function Spoken({ store, shown }) {
  const [text, setText] = useState("");
  const last = useRef({ at: 0, n: 0, status: "" });
  useEffect(() => {
    const { outcome, gates } = store.chronicle.now;
    const status = outcome ?? (gates.size ? "asking" : "running");
    const due = performance.now() - last.current.at > SAID_EVERY_MS;
    if (status === last.current.status && (!due || shown.length === last.current.n)) return;
    const event = store.chronicle.events[shown.length - 1];
    last.current = { at: performance.now(), n: shown.length, status };
    setText(status === "running" ? (event ? eventWords(event) : "") : word("run.isNow", word(`status.${status}`)));
  }, [shown, store]);
  return h("p", { className: "only-spoken", role: "status", "aria-live": "polite" }, text);
}

/**
 * The open gates of this run as the inbox tells them; asked again when the journal says that some came or went.
 * @param {RunStore} store
 * @param {string} path
 */
function useGates(store, path) {
  const [gates, setGates] = useState(/** @type {Gate[]} */ ([]));
  const shown = useSyncExternalStore(store.subscribe, store.get);
  const names = [...store.chronicle.now.gates.values()].map((gate) => `${gate.gate} ${gate.assignees ?? ""}`).join("\n");
  useEffect(() => {
    if (!names) return setGates([]);
    let isGone = false;
    asked("GET", `api/inbox?run=${encodeURIComponent(store.id)}`).then((told) => !isGone && setGates(told.gates), () => undefined);
    return () => void (isGone = true);
  }, [names, store, path]);
  return shown.isLive ? gates : [];
}

/**
 * @param {Plan} plan
 * @param {Gate} gate
 */
export function leadsTo(plan, gate) {
  if (gate.purpose !== "gate") return undefined;
  const scope = gate.node.includes("/") ? gate.node.slice(0, gate.node.lastIndexOf("/")) : "";
  return (/** @type {string} */ option) => {
    const edge = plan.scope(scope)?.edges.find((one) => one.source === gate.node.slice(scope ? scope.length + 1 : 0) && one.port === option);
    if (!edge) return null;
    const to = plan.node(scope ? `${scope}/${edge.target}` : edge.target);
    const what = to?.tool ?? to?.model ?? "";
    return [plan.label(scope ? `${scope}/${edge.target}` : edge.target), word(`kind.${to?.kind ?? "missing"}`), typeof what === "string" ? what : ""].filter(Boolean).join(", ");
  };
}

/**
 * The present, once a second while something goes on and is looked at.
 * @param {boolean} isRunning
 */
export function useNow(isRunning) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => !document.hidden && setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}
