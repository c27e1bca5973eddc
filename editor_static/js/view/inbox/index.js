// The inbox: everything that waits for a decision, over all runs. Rule: one list, kept current by one line; from the list to
// a decision it is two keys, a letter and Enter; what was decided stays to be looked up.
import { flushSync, h, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../../vendor/flow.js";
import { ROOT, value as asked } from "../../api.js";
import { chosenAfter, concernsInbox, keyOf, seldom } from "../../live/lists.js";
import { Plan } from "../../live/plan.js";
import { Stream } from "../../live/stream.js";
import { Icon } from "../icons.js";
import { Badge } from "../run/badge.js";
import { GateForm, lettersOf } from "../run/gate.js";
import { leadsTo } from "../run/gates.js";
import { useNow } from "../run/now.js";
import { Banner } from "../run/page.js";
import { ago, moment, span, usageWords, word } from "../run/speech.js";
import { browser } from "../run/surroundings.js";
import { Decided } from "./decided.js";

/** @import { Gate } from "../run/gate.js" */

const REFRESH_MS = 300;

/** @param {{setOpen: (count: number) => void}} props */
export function Inbox({ setOpen }) {
  const [gates, setGates] = useState(/** @type {Gate[] | null} */ (null));
  const [more, setMore] = useState(/** @type {string | null} */ (null));
  const [costs, setCosts] = useState(/** @type {Map<string, any>} */ (new Map()));
  const [chosen, setChosen] = useState(/** @type {string | null} */ (null));
  const [isReading, setIsReading] = useState(false);
  const [tab, setTab] = useState(/** @type {"open" | "decided"} */ ("open"));
  const [said, setSaid] = useState("");
  const [error, setError] = useState(/** @type {any} */ (null));
  const [decidedCount, setDecidedCount] = useState(0);
  const known = useRef(/** @type {Gate[]} */ ([]));
  const reach = useRef(/** @type {((letter: string) => boolean) | null} */ (null));
  const root = useRef(/** @type {HTMLDivElement | null} */ (null));
  const now = useNow(true);

  /** @param {Gate[]} next */
  const take = (next) => {
    const fresh = known.current.length || gates !== null ? next.filter((gate) => !known.current.some((one) => keyOf(one) === keyOf(gate))) : [];
    const first = fresh[0];
    if (first) setSaid(word("inbox.new", first.graph, firstLine(first.prompt)));
    setChosen((before) => chosenAfter(known.current, next, before));
    known.current = next;
    setGates(next);
    setOpen(next.length);
  };
  const takeNow = useRef(take);
  takeNow.current = take;

  useEffect(() => {
    let isGone = false;
    let position = "0";
    /** @type {Stream | null} */
    let stream = null;
    const look = async () => {
      const told = await asked("GET", "api/inbox");
      if (isGone) return;
      takeNow.current(told.gates);
      setMore(told.next);
      const runs = await asked("GET", "api/runs?status=running,waiting&limit=500");
      if (!isGone) setCosts(new Map(runs.runs.map((/** @type {any} */ run) => [run.id, run.usage])));
      return told.position;
    };
    const soon = seldom(look, REFRESH_MS, browser);
    look().then(
      (at) => {
        if (isGone) return;
        position = String(at);
        stream = new Stream(
          () => `${ROOT}api/events?after=${position}`,
          {
            events: {
              message: (event, id) => {
                position = id || position;
                if (concernsInbox(event, known.current)) soon();
                if (event.type === "gate.answered") setDecidedCount((count) => count + 1);
              },
            },
            state: () => undefined,
          },
          browser,
        );
      },
      (problem) => !isGone && setError(problem),
    );
    return () => {
      isGone = true;
      stream?.close();
    };
  }, []);

  const list = gates ?? [];
  const gate = list.find((one) => keyOf(one) === chosen) ?? null;
  // The focus goes to the chosen line once that line is there.
  const wantsFocus = useRef(false);
  const [, focusAgain] = useState(0);
  const focusChosen = useCallback(() => {
    wantsFocus.current = true;
    focusAgain((turn) => turn + 1);
  }, []);
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    /** @type {HTMLElement | null | undefined} */ (root.current?.querySelector(".inbox-item[aria-current]"))?.focus();
  });
  // Keys act only where the focus is inside, so it begins on the list.
  const isLoaded = gates !== null;
  useEffect(() => {
    if (isLoaded && (document.activeElement === document.body || document.activeElement === null)) focusChosen();
  }, [isLoaded, focusChosen]);

  const loadMore = async () => {
    const told = await asked("GET", `api/inbox?after=${encodeURIComponent(more ?? "")}`);
    take([...list, ...told.gates.filter((/** @type {Gate} */ one) => !list.some((there) => keyOf(there) === keyOf(one)))]);
    setMore(told.next);
  };
  /**
   * To the answer with this letter, at once: the next key may be Enter.
   * @param {string} letter
   */
  const goTo = (letter) => {
    flushSync(() => setIsReading(true));
    reach.current?.(letter);
  };
  /** @param {any} event */
  const keyed = (event) => {
    if (tab !== "open" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const isInList = event.target.classList.contains("inbox-item");
    const by = key === "j" || (isInList && key === "ArrowDown") ? 1 : key === "k" || (isInList && key === "ArrowUp") ? -1 : 0;
    if (by) {
      event.preventDefault();
      const place = list.findIndex((one) => keyOf(one) === chosen);
      const next = list[Math.min(list.length - 1, Math.max(0, place + by))];
      if (next) setChosen(keyOf(next));
      return void focusChosen();
    }
    if (key === "Escape") {
      setIsReading(false);
      return void focusChosen();
    }
    if (key === "Enter" && isInList) {
      event.preventDefault();
      return goTo(lettersOf(gate?.options ?? [])[0] ?? "");
    }
    if (key.length === 1 && gate && lettersOf(gate.options).includes(key)) {
      event.preventDefault();
      goTo(key);
    }
  };
  /**
   * @param {Gate} one
   * @param {string} option
   * @param {any} form
   */
  const decide = async (one, option, form) => {
    await asked("POST", `api/runs/${encodeURIComponent(one.run)}/gates/${encodeURIComponent(one.gate)}`, { option, form });
    setSaid(word("inbox.thanks", one.options.find((each) => each.name === option)?.label ?? option));
    setIsReading(false);
    take(known.current.filter((each) => keyOf(each) !== keyOf(one)));
    focusChosen();
  };
  const onReady = useCallback((/** @type {(letter: string) => boolean} */ given) => void (reach.current = given), []);

  if (error) return h("div", { className: "room" }, h(Banner, { error }));
  return h(
    "div",
    { className: isReading ? "inbox room is-reading" : "inbox room", ref: root, onKeyDown: keyed },
    h("header", { className: "inbox-head" }, h("h1", null, word("inbox.title")), h("div", { className: "tabs", role: "tablist", "aria-label": word("inbox.title"), onKeyDown: (/** @type {any} */ event) => (event.key === "ArrowLeft" || event.key === "ArrowRight") && turnTab(event, setTab) }, tabButton("open", word("inbox.open"), tab, setTab, gates?.length ?? null), tabButton("decided", word("inbox.decided"), tab, setTab, null)), h("span", { className: "grow" }), tab === "open" && list.length ? h("p", { className: "quiet small inbox-keys" }, word("inbox.keys")) : null),
    tab === "decided"
      ? h("div", { role: "tabpanel", id: "inbox-panel", "aria-labelledby": "inbox-tab-decided", className: "inbox-decided" }, h(Decided, { key: decidedCount }))
      : gates === null
        ? h("p", { className: "run-empty", role: "status", id: "inbox-panel" }, word("inbox.loading"))
        : list.length === 0
          ? h("div", { className: "inbox-none", role: "tabpanel", id: "inbox-panel", "aria-labelledby": "inbox-tab-open" }, h(Icon, { name: "inbox", size: 32 }), h("h2", null, word("inbox.none")), h("p", { className: "quiet" }, word("inbox.noneHint")), h("a", { className: "button", href: ROOT }, word("page.graphs")))
          : h(
              "div",
              { className: "inbox-body", role: "tabpanel", id: "inbox-panel", "aria-labelledby": "inbox-tab-open" },
              h("nav", { className: "inbox-list", "aria-label": word("inbox.label") }, h("ul", null, list.map((one) => h("li", { key: keyOf(one) }, h(Item, { gate: one, now, usage: costs.get(one.run) ?? null, isChosen: keyOf(one) === chosen, onChoose: () => (setChosen(keyOf(one)), setIsReading(true)) })))), more ? h("button", { type: "button", className: "button inbox-more", onClick: () => void loadMore() }, word("inbox.more")) : null),
              h("div", { className: "inbox-detail" }, gate ? h(Detail, { key: keyOf(gate), gate, now, usage: costs.get(gate.run) ?? null, decide, onReady, onBack: () => (setIsReading(false), focusChosen()) }) : h("p", { className: "run-empty" }, word("inbox.choose"))),
            ),
    h("p", { className: "only-spoken", role: "status", "aria-live": "polite" }, said),
  );
}

/**
 * @param {"open" | "decided"} name
 * @param {string} text
 * @param {string} tab
 * @param {(tab: any) => void} setTab
 * @param {number | null} count
 */
function tabButton(name, text, tab, setTab, count) {
  return h("button", { key: name, type: "button", role: "tab", id: `inbox-tab-${name}`, "aria-selected": tab === name, "aria-controls": "inbox-panel", tabIndex: tab === name ? 0 : -1, onClick: () => setTab(name) }, text, count ? ` ${count}` : "");
}

/**
 * @param {any} event
 * @param {(tab: any) => void} setTab
 */
function turnTab(event, setTab) {
  event.preventDefault();
  const other = /** @type {HTMLElement | null} */ (event.currentTarget.querySelector("[role=tab][aria-selected=false]"));
  other?.focus();
  setTab(other?.id.slice("inbox-tab-".length));
}

/** @param {{gate: Gate, now: number, usage: any, isChosen: boolean, onChoose: () => void}} props */
function Item({ gate, now, usage, isChosen, onChoose }) {
  const left = gate.deadline ? Date.parse(gate.deadline) - now : null;
  const risk = gate.purpose === "approval" ? gate.detail?.risk : null;
  const cost = usage ? usageWords({ ...usage, toolCalls: 0 }) : "";
  return h(
    "button",
    { type: "button", className: "inbox-item", "aria-current": isChosen ? "true" : undefined, tabIndex: isChosen ? 0 : -1, "data-gate": gate.gate, "data-run": gate.run, onClick: onChoose },
    h("span", { className: "inbox-what" }, h(Icon, { name: gate.purpose === "approval" || gate.purpose === "effect" ? "tool" : "status-asking" }), h("span", null, gate.purpose === "approval" ? `${word("gate.approval")}: ${gate.detail?.tool ?? ""}` : firstLine(gate.prompt))),
    h("span", { className: "inbox-where quiet" }, `${gate.graph} · ${gate.node}`),
    h(
      "span",
      { className: "inbox-when quiet" },
      h("time", { dateTime: gate.since, title: moment(gate.since) }, ago(now - Date.parse(gate.since))),
      left === null ? null : h("span", { className: left < 3_600_000 ? "is-soon" : undefined }, left > 0 ? word("gate.left", moment(gate.deadline), span(Math.floor(left / 60_000) * 60_000 || left)) : moment(gate.deadline)),
      risk ? h("span", { className: `risk is-${risk}` }, word("inbox.risk", word(`risk.${risk}`))) : null,
      cost ? h("span", null, cost) : null,
    ),
  );
}

/** @param {{gate: Gate, now: number, usage: any, decide: (gate: Gate, option: string, form: any) => Promise<void>, onReady: (reach: (letter: string) => boolean) => void, onBack: () => void}} props */
function Detail({ gate, now, usage, decide, onReady, onBack }) {
  const [plan, setPlan] = useState(/** @type {Plan | null} */ (null));
  useEffect(() => {
    let isGone = false;
    asked("GET", `api/runs/${encodeURIComponent(gate.run)}/documents`).then((told) => !isGone && setPlan(new Plan(told)), () => undefined);
    return () => void (isGone = true);
  }, [gate.run]);
  const ways = useMemo(() => (plan ? leadsTo(plan, gate) : undefined), [plan, gate]);
  return h(
    "article",
    { "aria-label": firstLine(gate.prompt) },
    h("div", { className: "inbox-crumbs" }, h("button", { type: "button", className: "button is-small inbox-back", onClick: onBack }, h(Icon, { name: "left" }), word("inbox.all")), h("h2", null, plan?.scope("")?.document["title"] ? String(plan.scope("")?.document["title"]) : gate.graph), h("span", { className: "quiet" }, plan?.label(gate.node) ?? gate.node), h("span", { className: "grow" }), h("a", { className: "button is-small", href: `${ROOT}runs/${encodeURIComponent(gate.run)}` }, word("inbox.run"))),
    h(GateForm, { gate, now, cost: usage ? usageWords({ ...usage, toolCalls: usage.tool_calls ?? 0 }) || null : null, hasLetters: true, onReady, leadsTo: ways, decide: (option, form) => decide(gate, option, form) }),
  );
}

/** @param {string} text */
export function firstLine(text) {
  return text.trim().split("\n")[0] ?? "";
}

export { Badge };
