// The moment that is looked at. Rule: a plain range input, so that keyboard, touch and screen readers know it; it says in
// words which event it stands at and when that was.
import { h } from "../../../vendor/flow.js";
import { Icon } from "../icons.js";
import { moment, number, word } from "./speech.js";
import { eventWords } from "./events.js";

/** @import { RunStore, Shown } from "../../live/run.js" */

/**
 * Go an event back or on by a key, `[` or `]`, where nobody is typing.
 * @param {RunStore} store
 * @param {any} event
 * @returns {boolean} whether the key was one of them
 */
export function scrubbed(store, event) {
  if (isTyped(event) || (event.key !== "[" && event.key !== "]")) return false;
  event.preventDefault();
  store.step(event.key === "[" ? -1 : 1);
  return true;
}

/**
 * Whether a key is text, or a shortcut of the browser.
 * @param {any} event
 */
export function isTyped(event) {
  return event.ctrlKey || event.metaKey || event.altKey || (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "range");
}

/** @param {{store: RunStore, shown: Shown}} props */
export function Scrubber({ store, shown }) {
  const event = store.chronicle.events[shown.n - 1];
  const said = event ? `${moment(event.at, true)} · ${eventWords(event)}` : word("scrub.before");
  const loops = [...new Set(store.chronicle.repeats.map((one) => /** @type {string} */ (one["header"])))];
  return h(
    "div",
    { className: "scrubber", role: "group", "aria-label": word("scrub.label") },
    h("button", { type: "button", className: "icon-button", "aria-label": word("scrub.back"), "aria-keyshortcuts": "[", title: `${word("scrub.back")}  [`, disabled: shown.n <= 0, onClick: () => store.step(-1) }, h(Icon, { name: "left" })),
    h("input", { type: "range", min: 0, max: shown.length, value: shown.n, "aria-label": word("scrub.moment"), "aria-valuetext": `${word("count.of", number(shown.n), number(shown.length))}: ${said}`, onChange: (/** @type {any} */ change) => store.hold(Number(change.currentTarget.value)) }),
    h("button", { type: "button", className: "icon-button", "aria-label": word("scrub.on"), "aria-keyshortcuts": "]", title: `${word("scrub.on")}  ]`, disabled: shown.n >= shown.length, onClick: () => store.step(1) }, h(Icon, { name: "right" })),
    h("span", { className: "scrub-said" }, h("span", { className: "quiet" }, word("count.of", number(shown.n), number(shown.length))), " ", said),
    loops.map((header) => h(Loop, { key: header, store, shown, header })),
    shown.isLive ? null : h("button", { type: "button", className: "button is-small is-first", onClick: () => store.hold(null) }, word("scrub.now")),
  );
}

/** @param {{store: RunStore, shown: Shown, header: string}} props */
function Loop({ store, shown, header }) {
  const turns = store.chronicle.iterationsOf(header);
  const at = shown.overview.iterations.get(header) ?? 1;
  const label = word("scrub.loop", store.plan?.label(header) ?? header);
  return h(
    "label",
    { className: "scrub-loop" },
    h("span", { className: "quiet" }, label),
    h("select", { value: at, "aria-label": label, onChange: (/** @type {any} */ event) => store.hold(turns.find((turn) => turn.iteration === Number(event.currentTarget.value))?.n ?? null) }, turns.map((turn) => h("option", { key: turn.iteration, value: turn.iteration }, word("count.iteration", turn.iteration)))),
  );
}
