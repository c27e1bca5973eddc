// Graphs with their pictures, open gates, runs; all kept current by one stream.
import { ask, askPicture, ROOT } from "./api.js";
import { byId, fill, h } from "./build.js";
import { formOf } from "./form.js";
import { rebuilt } from "./picture.js";
import { badge, follow, open, seldom } from "./shell.js";
import { moment, word } from "./words.js";

const graphs = h("section", { "aria-label": word("graphs") });
const inbox = h("section", { "aria-label": word("inbox") });
const runs = h("section", { "aria-label": word("runs") });
/** @type {Map<string, Element>} */
const pictures = new Map();

await open(async (main) => {
  // Who is logged in is asked first: a stranger sees the login instead of empty lists.
  await ask("GET", "api/session");
  fill(main, inbox, graphs, runs);
  const [, position] = await Promise.all([showGraphs(), showRuns(), showInbox()]);
  const soon = seldom(() => Promise.all([showRuns(), showInbox()]), 300);
  follow(`api/events?after=${position}`, { message: soon, graph: seldom(showGraphs, 300) });
  byId("trail").textContent = "";
});

async function showGraphs() {
  const found = (await ask("GET", "api/graphs")).graphs;
  const cards = found.map(card);
  fill(graphs, head(word("graphs"), found.length), cards.length ? h("div", { class: "cards" }, ...cards) : empty(word("noGraphs")));
}

/** @param {any} graph */
function card(graph) {
  const shot = h("div", { class: "shot" });
  void draw(graph, shot);
  const place = h("div", {});
  const run = h("button", { type: "button", class: "first", "data-run": graph.name, disabled: graph.problem !== null, onclick: () => askInput(graph, place) }, word("run"));
  const size = `${graph.nodes} ${word("nodes")}`;
  return h(
    "article",
    { class: "card", "data-graph": graph.name },
    shot,
    h("div", { class: "text" }, h("h3", {}, graph.title), graph.problem ? h("p", { class: "said" }, `${word("brokenFile")}: ${graph.problem}`) : h("p", {}, graph.description)),
    h("div", { class: "foot" }, run, h("span", { class: "grow" }), h("span", { class: "quiet" }, size)),
    place,
  );
}

/**
 * @param {any} graph
 * @param {Element} shot
 */
async function draw(graph, shot) {
  if (graph.problem) return;
  const key = `${graph.name} ${graph.hash}`;
  try {
    if (!pictures.has(key)) pictures.set(key, rebuilt(await askPicture(`api/graphs/${graph.name}/diagram.svg`)));
    // A picture is measured where it stands, so the card has to stand in the page before.
    await null;
    const picture = /** @type {Element} */ (/** @type {Element} */ (pictures.get(key)).cloneNode(true));
    for (const part of picture.querySelectorAll(".title, .caption, .legend")) part.remove();
    for (const part of picture.querySelectorAll("[id]")) part.removeAttribute("id");
    picture.setAttribute("aria-hidden", "true");
    fill(shot, picture);
    close(/** @type {SVGSVGElement} */ (picture));
  } catch {
    fill(shot, h("span", { class: "quiet" }, "·"));
  }
}

/**
 * Crop a picture to its nodes and wires; a small graph is not blown up.
 * @param {SVGSVGElement} picture
 */
function close(picture) {
  const boxes = [...picture.querySelectorAll(":scope > g")].map((part) => /** @type {SVGGraphicsElement} */ (part).getBBox());
  if (!boxes.length) return;
  const left = Math.min(...boxes.map((box) => box.x));
  const top = Math.min(...boxes.map((box) => box.y));
  const width = Math.max(...boxes.map((box) => box.x + box.width)) - left;
  const height = Math.max(...boxes.map((box) => box.y + box.height)) - top;
  const across = Math.max(width + 24, 520);
  const down = Math.max(height + 24, 200);
  picture.setAttribute("viewBox", `${left + width / 2 - across / 2} ${top + height / 2 - down / 2} ${across} ${down}`);
  picture.removeAttribute("width");
  picture.removeAttribute("height");
}

/**
 * A form for the input, or the run at once where there is nothing to ask.
 * @param {any} graph
 * @param {Element} place
 */
function askInput(graph, place) {
  const form = formOf(graph.input);
  const said = h("p", { class: "said", role: "alert", hidden: true });
  const start = async () => {
    for (const button of place.querySelectorAll("button")) button.disabled = true;
    try {
      const run = await ask("POST", "api/runs", { graph: graph.name, input: form.value() });
      location.href = `${ROOT}runs/${run.id}`;
    } catch (error) {
      said.textContent = String(/** @type {Error} */ (error).message);
      said.hidden = false;
      for (const button of place.querySelectorAll("button")) button.disabled = false;
    }
  };
  if (!form.fields.length) return void start().then(() => fill(place, said));
  const close = h("button", { type: "button", class: "plain", onclick: () => fill(place) }, word("close"));
  fill(place, h("form", { onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), start()) }, ...form.fields, h("div", { class: "acts" }, h("button", { class: "first" }, word("start")), close), said));
  /** @type {HTMLElement | null} */ (place.querySelector("input, textarea, select"))?.focus();
}

async function showInbox() {
  const found = (await ask("GET", "api/inbox")).gates;
  const rows = found.map((/** @type {any} */ gate) =>
    h(
      "a",
      { class: "row gate-row", href: `${ROOT}runs/${gate.run}`, "data-gate": gate.gate },
      h("span", { class: "status asking wide", "aria-hidden": "true" }),
      h("span", {}, gate.prompt.trim().split("\n")[0]),
      h("span", { class: "quiet wide" }, gate.graph),
      h("span", { class: "end" }, moment(gate.since)),
    ),
  );
  fill(inbox, head(word("inbox"), found.length), h("div", { class: "panel" }, ...(rows.length ? rows : [empty(word("nobodyAsks"))])));
}

async function showRuns() {
  const page = await ask("GET", "api/runs?limit=25");
  const rows = page.runs.map((/** @type {any} */ run) =>
    h(
      "a",
      { class: "row", href: `${ROOT}runs/${run.id}`, "data-run-id": run.id },
      badge(run.waiting_for.some((/** @type {any} */ wait) => wait.kind === "gate") && run.status === "waiting" ? "asking" : run.status),
      h("span", {}, run.graph),
      h("span", { class: "quiet mono wide" }, run.id),
      h("span", { class: "end wide" }, moment(run.started_at)),
      h("span", { class: "end" }, `${run.usage.seconds.toFixed(1)} s`),
    ),
  );
  fill(runs, head(word("runs")), h("div", { class: "panel" }, ...(rows.length ? rows : [empty(word("noRuns"))])));
  return page.position;
}

/**
 * @param {string} text
 * @param {number} [count]
 */
function head(text, count) {
  return h("div", { class: "head" }, h("h2", {}, text), count === undefined ? null : h("span", { class: "count" }, String(count)));
}

/** @param {string} text */
function empty(text) {
  return h("div", { class: "empty" }, text);
}
