// One run put together. Rule: everything that is shown stands at the same moment of it; what is looked at (a node, a sub-flow,
// a tab) is the view's own, what happened is the store's.
import { h, useCallback, useEffect, useRef, useState, useSyncExternalStore } from "../../../vendor/flow.js";
import { value as asked } from "../../api.js";
import { scopeOf } from "../../live/names.js";
import { NodeDetail } from "./detail.js";
import { EventList } from "./events.js";
import { RunFacts } from "./facts.js";
import { GateForm } from "./gate.js";
import { leadsTo, useGates } from "./gates.js";
import { Head } from "./head.js";
import { useNow } from "./now.js";
import { useStore } from "./opened.js";
import { RunPicture } from "./picture.js";
import { Scrubber, isTyped, scrubbed } from "./scrubber.js";
import { usageWords, word } from "./speech.js";
import { Spoken } from "./spoken.js";
import { StateSteps } from "./state.js";
import { NodeTable } from "./table.js";
import { Timeline } from "./timeline.js";

/** @import { ReactNode } from "../../../vendor/flow.js" */
/** @import { Plan } from "../../live/plan.js" */
/** @import { RunStore } from "../../live/run.js" */

const TABS = /** @type {const} */ (["timeline", "events", "state", "table"]);

/** @param {{run: string, name?: string | undefined, lead?: ReactNode, node?: string | null | undefined}} props node: the path of the one to begin at */
export function OneRun({ run, name, lead, node = null }) {
  const { store, problem } = useStore(run);
  if (problem) return h("div", { className: "run-view" }, h("div", { className: "banner is-failed", role: "alert" }, lead ?? null, h("strong", null, problem.message), problem.hint ? h("span", null, problem.hint) : null));
  if (!store?.plan) return h("div", { className: "run-view is-loading" }, h("p", { className: "run-empty", role: "status" }, word("run.loading", name ?? run)));
  return h(Whole, { key: store.id, store, plan: store.plan, lead, start: node !== null && store.plan.node(node) ? node : null });
}

/** @param {{store: RunStore, plan: Plan, lead?: any, start: string | null}} props */
function Whole({ store, plan, lead, start }) {
  const shown = useSyncExternalStore(store.subscribe, store.get);
  const now = useNow(store.chronicle.now.outcome === null);
  const [selected, setSelected] = useState(start);
  const [inside, setInside] = useState(start === null ? "" : scopeOf(start));
  const [tab, setTab] = useState(/** @type {string} */ ("timeline"));
  const [isDrawerOpen, setIsDrawerOpen] = useState(true);
  const path = `api/runs/${encodeURIComponent(store.id)}`;
  const select = useCallback((/** @type {string | null} */ node) => {
    setSelected(node);
    if (node !== null) setInside(scopeOf(node));
  }, []);
  const enter = useCallback((/** @type {string} */ node) => {
    setInside(node);
    setSelected(null);
  }, []);
  const root = useRef(/** @type {HTMLDivElement | null} */ (null));
  /** @param {any} event */
  const keyed = (event) => {
    if (isTyped(event) || scrubbed(store, event)) return;
    if (event.key === "Escape" && selected !== null) {
      setSelected(null);
      root.current?.querySelector(/** @type {any} */ ("g.node[tabindex='0']"))?.focus();
    }
  };
  useEffect(() => {
    // Where the form of a new run was, the run itself is: keys go on there.
    if (document.activeElement === null || document.activeElement === document.body) root.current?.focus({ preventScroll: true });
  }, []);
  const gates = useGates(store);
  const side = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (selected !== null && side.current) side.current.scrollTop = 0;
  }, [selected]);
  const detail = selected === null ? null : h(NodeDetail, { key: `node ${selected}`, store, shown, plan, path: selected, now, onClose: () => setSelected(null), onEnter: enter, onMoment: (n) => store.hold(n) });
  // What was just asked for stands first; where that is the asking node itself, its question does.
  const isAside = detail !== null && !gates.some((gate) => gate.node === selected);
  return h(
    "div",
    { className: "run-view", ref: root, tabIndex: -1, onKeyDown: keyed },
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
        { className: "run-side", "aria-label": word("run.side"), ref: side },
        isAside ? detail : null,
        gates.length ? h("div", { key: "gates", className: "run-gates" }, gates.map((gate) => h(GateForm, { key: gate.gate, gate, now, leadsTo: leadsTo(plan, gate), cost: usageWords(store.chronicle.now.usage) || null, decide: (option, form) => asked("POST", `${path}/gates/${encodeURIComponent(gate.gate)}`, { option, form }) }))) : null,
        isAside ? null : (detail ?? h(RunFacts, { key: "facts", shown, store })),
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
