// What a screen reader is told while a run goes on. Rule: what matters at once, the rest no more often than it can be heard.
import { h, useEffect, useRef, useState } from "../../../vendor/flow.js";
import { eventWords } from "./events.js";
import { word } from "./speech.js";

/** @import { RunStore, Shown } from "../../live/run.js" */

const SAID_EVERY_MS = 4000;

/**
 * What a screen reader is told while it runs: the last event that matters, not more often than it can be heard.
 * @param {{store: RunStore, shown: Shown}} props
 */
export function Spoken({ store, shown }) {
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
