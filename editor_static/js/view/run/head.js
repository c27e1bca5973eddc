// What stands above a run: its name, how it stands, what it has used, and what can be done with it.
import { h, useRef, useState } from "../../../vendor/flow.js";
import { ROOT, value as asked } from "../../api.js";
import { Icon } from "../icons.js";
import { Badge } from "./badge.js";
import { span, usageWords, word } from "./speech.js";

/** @import { RunStore, Shown } from "../../live/run.js" */

/** @param {{store: RunStore, shown: Shown, now: number, path: string, lead: any}} props */
export function Head({ store, shown, now, path, lead }) {
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
      if (what === "resume") store.reopen();
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
    { className: "run-menu", ref: menu, onKeyDown: (/** @type {any} */ event) => event.key === "Escape" && menu.current?.open && (event.stopPropagation(), (menu.current.open = false), menu.current.querySelector("summary")?.focus()), onBlur: (/** @type {any} */ event) => menu.current && !menu.current.contains(event.relatedTarget) && (menu.current.open = false) },
    h("summary", { className: "button" }, h(Icon, { name: "share" }), word("run.export")),
    h("div", { className: "run-menu-list" }, ["svg", "png", "pdf", "mmd", "dot"].map((ending) => h("a", { key: ending, href: `${ROOT}${path}/diagram.${ending}`, target: "_blank", rel: "noopener", download: ending === "svg" || ending === "png" || ending === "pdf" ? undefined : "" }, word(`export.${ending}`)))),
  );
}
