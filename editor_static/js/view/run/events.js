// The journal to read: every event, newest last. Rule: only the lines that are seen are in the page, however many there
// are, and the list never waits for the picture. What is shown follows the newest as long as the reader stands at the end.
import { h, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../../vendor/flow.js";
import { moment, number, word } from "./speech.js";
import { Value } from "./value.js";

/** @import { RunEvent } from "../../live/types.js" */
/** @import { RunStore, Shown } from "../../live/run.js" */

const LINE_PX = 28;
const AROUND = 8;

/**
 * An event in a few words, without its number and time.
 * @param {RunEvent} event
 */
export function eventWords(event) {
  const what = event["error"]?.message ?? event["message"] ?? event["option"] ?? event["tool"] ?? event["model"] ?? event["port"] ?? event["state"] ?? event["why"] ?? event["signal"] ?? event["name"] ?? "";
  return [event.type, event.execution ?? "", typeof what === "string" ? what : ""].filter(Boolean).join(" · ");
}

/**
 * @param {object} props
 * @param {RunStore} props.store
 * @param {Shown} props.shown
 * @param {(path: string) => void} props.onSelect
 */
export function EventList({ store, shown, onSelect }) {
  const [filter, setFilter] = useState("");
  const [kind, setKind] = useState("");
  const [chosen, setChosen] = useState(/** @type {number | null} */ (null));
  const types = useMemo(() => [...new Set(store.chronicle.events.map((event) => event.type))].sort(), [store, shown.length]);
  const found = useMemo(() => matching(store.chronicle.events, kind, filter.trim().toLowerCase()), [store, shown.length, filter, kind]);
  const event = chosen === null ? null : (store.chronicle.events[chosen - 1] ?? null);
  return h(
    "div",
    { className: "events" },
    h(
      "div",
      { className: "events-filter" },
      h("input", { type: "search", value: filter, placeholder: word("events.filter"), "aria-label": word("events.filter"), onChange: (/** @type {any} */ change) => setFilter(change.currentTarget.value) }),
      h("select", { value: kind, "aria-label": word("events.type"), onChange: (/** @type {any} */ change) => setKind(change.currentTarget.value) }, h("option", { value: "" }, word("events.all")), types.map((type) => h("option", { key: type, value: type }, type))),
      h("span", { className: "quiet", role: "status" }, word("events.count", number(found.length))),
    ),
    h(
      "div",
      { className: "events-body" },
      h(Lines, { events: found, at: shown.n, isLive: shown.isLive, chosen, onChoose: (/** @type {RunEvent} */ one) => (setChosen(one.n), one.node && onSelect(one.node)), onHold: (/** @type {number} */ n) => store.hold(n) }),
      event ? h("div", { className: "events-one" }, h("div", { className: "events-acts" }, h("strong", null, `${event.n} · ${event.type}`), h("button", { type: "button", className: "button is-small", onClick: () => store.hold(event.n) }, word("events.look")), h("button", { type: "button", className: "button is-small is-plain", onClick: () => setChosen(null) }, word("close"))), h(Value, { key: event.n, value: /** @type {any} */ (event), label: event.type })) : null,
    ),
  );
}

/**
 * @param {RunEvent[]} events
 * @param {string} kind
 * @param {string} filter in small letters
 */
function matching(events, kind, filter) {
  if (!kind && !filter) return events;
  return events.filter((event) => (!kind || event.type === kind) && (!filter || eventWords(event).toLowerCase().includes(filter) || String(event.n) === filter));
}

/** @param {{events: RunEvent[], at: number, isLive: boolean, chosen: number | null, onChoose: (event: RunEvent) => void, onHold: (n: number) => void}} props */
function Lines({ events, at, isLive, chosen, onChoose }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(240);
  const [focus, setFocus] = useState(-1);
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => setHeight(element.clientHeight));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = place.current;
    if (element && isLive && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [events.length, isLive, height]);
  // A moment that is looked at is brought into view.
  useEffect(() => {
    const element = place.current;
    if (!element || isLive) return;
    const line = lastUpTo(events, at);
    const y = line * LINE_PX;
    if (y < element.scrollTop || y > element.scrollTop + element.clientHeight - LINE_PX) element.scrollTop = y - element.clientHeight / 2;
  }, [at, isLive, events]);
  const first = Math.max(0, Math.floor(top / LINE_PX) - AROUND);
  const last = Math.min(events.length, Math.ceil((top + height) / LINE_PX) + AROUND);
  const stop = focus >= first && focus < last ? focus : Math.min(last - 1, Math.max(first, lastUpTo(events, at)));
  /** @param {any} event */
  const keyed = (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[/** @type {string} */ (event.key)];
    if (by === undefined) return;
    event.preventDefault();
    const next = Math.min(events.length - 1, Math.max(0, by === -Infinity ? 0 : by === Infinity ? events.length - 1 : stop + by));
    const element = /** @type {HTMLDivElement} */ (place.current);
    if (next * LINE_PX < element.scrollTop) element.scrollTop = next * LINE_PX;
    if ((next + 1) * LINE_PX > element.scrollTop + element.clientHeight) element.scrollTop = (next + 1) * LINE_PX - element.clientHeight;
    setFocus(next);
    requestAnimationFrame(() => requestAnimationFrame(() => /** @type {HTMLElement | null} */ (element.querySelector(`[data-line="${next}"]`))?.focus()));
  };
  return h(
    "div",
    {
      className: "lines", ref: place, role: "list", "aria-label": word("events.label"), onKeyDown: keyed,
      onScroll: (/** @type {any} */ event) => {
        const element = event.currentTarget;
        isAtEnd.current = element.scrollTop + element.clientHeight > element.scrollHeight - LINE_PX;
        setTop(element.scrollTop);
      },
    },
    events.length ? null : h("p", { className: "run-empty" }, word("events.none")),
    h("div", { className: "lines-space", role: "none", style: { height: `${events.length * LINE_PX}px` } }, events.slice(first, last).map((event, place) => line(event, first + place, events.length, stop, at, chosen, onChoose))),
  );
}

/**
 * @param {RunEvent} event
 * @param {number} place
 * @param {number} count
 * @param {number} stop
 * @param {number} at
 * @param {number | null} chosen
 * @param {(event: RunEvent) => void} onChoose
 */
function line(event, place, count, stop, at, chosen, onChoose) {
  const classes = ["line", event.n > at ? "is-ahead" : "", event.n === at ? "is-at" : "", event.n === chosen ? "is-chosen" : "", `type-${event.type.replace(".", "-")}`];
  return h(
    "div",
    { key: event.n, role: "listitem", "aria-setsize": count, "aria-posinset": place + 1, style: { transform: `translateY(${place * LINE_PX}px)` }, className: classes.filter(Boolean).join(" ") },
    h(
      "button",
      { type: "button", tabIndex: place === stop ? 0 : -1, "data-line": place, "data-n": event.n, onClick: () => onChoose(event) },
      h("span", { className: "line-n" }, event.n),
      h("time", { dateTime: event.at }, moment(event.at, true).slice(-12)),
      h("span", { className: "line-type" }, event.type),
      h("span", { className: "line-what" }, eventWords(event).slice(event.type.length).replace(/^ · /, "")),
    ),
  );
}

/**
 * The place of the last event up to number `n`.
 * @param {RunEvent[]} events
 * @param {number} n
 */
function lastUpTo(events, n) {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {RunEvent} */ (events[middle]).n <= n) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
