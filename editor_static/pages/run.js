// One run: its picture, painted by its events as they come; its gates; its events; what went in and came out.
import { ask, askPicture, ROOT } from "./api.js";
import { byId, fill, h } from "./build.js";
import { gatePanel } from "./gate.js";
import { paint, rebuilt, statusAfter } from "./picture.js";
import { badge, banner, follow, open, seldom } from "./shell.js";
import { moment, word } from "./words.js";

const id = decodeURIComponent(location.pathname.split("/").pop() ?? "");
const path = `api/runs/${encodeURIComponent(id)}`;
const title = h("div", { class: "title" });
const picture = h("div", { class: "picture", "aria-live": "off" });
const gates = h("div", { class: "stack" });
const facts = h("section", { class: "panel" });
const list = h("ol", { class: "events", tabindex: "0", "aria-label": word("events") });
const streamed = h("section", { class: "panel", hidden: true });
const SHOWN = 500;
/** @type {any[]} */
let waiting = [];
let frame = 0;
/** @type {EventSource | null} */
let source = null;
const ENDS = new Set(["run.completed", "run.failed", "run.cancelled"]);

await open(async (main) => {
  const run = await showRun();
  await showPicture();
  byId("trail").textContent = `${run.graph} / ${run.id}`;
  document.title = `${run.graph} · weft`;
  const events = h("section", { class: "panel" }, h("div", { class: "head" }, h("h2", {}, word("events"))), list);
  fill(main, title, picture, h("div", { class: "columns" }, h("div", { class: "stack" }, streamed, events), h("div", { class: "stack" }, gates, facts)));
  await showGates();
  source = follow(`${path}/events`, { message: take, volatile: showText });
});

const refresh = seldom(() => Promise.all([showRun(), showPicture()]), 250);
const refreshGates = seldom(showGates, 100);

/** @param {any} event */
function take(event) {
  waiting.push(event);
  // A page that nobody sees paints nothing; a timer still empties what has come.
  if (!frame) frame = document.hidden ? setTimeout(paintAll, 200) : requestAnimationFrame(paintAll);
}

/** Everything that came since the last frame: the last status of each node, then the list. */
function paintAll() {
  frame = 0;
  const events = waiting;
  waiting = [];
  /** @type {Map<string, string>} */
  const last = new Map();
  for (const event of events) {
    const status = event.node ? statusAfter(event) : null;
    if (status) last.set(event.node.split("/")[0], status);
  }
  for (const [node, status] of last) paint(picture, node, status);
  list.append(...events.slice(-SHOWN).map(line));
  while (list.childElementCount > SHOWN) list.firstElementChild?.remove();
  list.scrollTop = list.scrollHeight;
  if (events.some((event) => event.type.startsWith("gate.") || event.type.startsWith("run."))) refreshGates();
  // After the last event the server ends the stream; asking again would only be answered with nothing.
  if (ENDS.has(events[events.length - 1]?.type)) {
    source?.close();
    byId("line").textContent = "";
  }
  refresh();
}

/** @param {any} event */
function line(event) {
  const what = event.error?.message ?? event.message ?? event.option ?? event.port ?? event.state ?? event.why ?? "";
  return h("li", { "data-n": event.n }, h("span", { class: "n" }, String(event.n)), h("time", { datetime: event.at }, moment(event.at)), h("span", {}, event.type), h("span", { class: "what quiet" }, [event.execution ?? "", what].filter(Boolean).join(" · ")));
}

async function showRun() {
  const run = await ask("GET", path);
  const asks = run.status === "waiting" && run.waiting_for.some((/** @type {any} */ wait) => wait.kind === "gate");
  const isOpen = run.status === "running" || run.status === "waiting";
  const act = async (/** @type {string} */ what) => {
    await ask("POST", `${path}/${what}`).catch((error) => title.append(banner(error)));
    if (what === "resume") location.reload();
  };
  fill(
    title,
    h("h1", {}, run.graph),
    badge(asks ? "asking" : run.status),
    h("span", { class: "grow" }),
    ...["svg", "png", "pdf"].map((kind) => h("a", { class: "quiet", href: `${ROOT}${path}/diagram.${kind}`, target: "_blank", rel: "noopener" }, kind.toUpperCase())),
    isOpen ? h("button", { type: "button", onclick: () => act("cancel") }, word("cancel")) : null,
    run.status === "failed" || run.status === "cancelled" ? h("button", { type: "button", onclick: () => act("resume") }, word("again")) : null,
  );
  showFacts(run);
  return run;
}

/** @param {any} run */
function showFacts(run) {
  const usage = run.usage;
  /** @type {[string, string][]} */
  const rows = [
    [word("started"), moment(run.started_at)],
    [word("ended"), moment(run.ended_at)],
    [word("work"), `${usage.seconds.toFixed(1)} s`],
    [word("tokens"), usage.tokens.toLocaleString()],
    [word("cost"), usage.usd === null ? word("unknown") : `$${usage.usd.toFixed(4)}`],
  ];
  const list = h("dl", { class: "facts" });
  for (const [name, value] of rows) if (value) list.append(h("dt", {}, name), h("dd", {}, value));
  const block = (/** @type {string} */ name, /** @type {any} */ value) => (value === null ? null : h("div", {}, h("h3", {}, name), h("pre", { class: "exact" }, typeof value === "string" ? value : JSON.stringify(value, null, 2))));
  const failure = run.error ? h("div", { class: "banner" }, h("strong", {}, run.error.message), h("span", { class: "quiet" }, `${run.error.node} · ${run.error.code}`), run.error.hint ? h("span", {}, run.error.hint) : null) : null;
  fill(facts, h("div", { class: "body" }, failure, list, block(word("input"), run.input), block(word("output"), run.output)));
}

async function showPicture() {
  fill(picture, rebuilt(await askPicture(`${path}/diagram.svg`)));
}

async function showGates() {
  const found = (await ask("GET", `api/inbox?run=${encodeURIComponent(id)}`)).gates;
  const names = new Set(found.map((/** @type {any} */ gate) => gate.gate));
  const there = new Set([...gates.children].map((panel) => /** @type {HTMLElement} */ (panel).dataset.gate));
  // A panel that is being filled in stays as it is; only what was decided goes, only what is new comes.
  for (const panel of [...gates.children]) if (!names.has(/** @type {HTMLElement} */ (panel).dataset.gate)) panel.remove();
  for (const gate of found) {
    if (there.has(gate.gate)) continue;
    gates.append(gatePanel(gate, (option, form) => ask("POST", `${path}/gates/${encodeURIComponent(gate.gate)}`, { option, form })));
  }
}

/** @param {any} said */
function showText(said) {
  if (said.kind !== "text" || typeof said.value !== "string") return;
  streamed.hidden = false;
  if (streamed.dataset.execution !== said.execution) {
    streamed.dataset.execution = said.execution;
    fill(streamed, h("div", { class: "head" }, h("h2", {}, word("streamed")), h("span", { class: "quiet" }, said.node)), h("div", { class: "body" }, h("p", { class: "prompt" })));
  }
  streamed.querySelector(".prompt")?.append(said.value);
}
