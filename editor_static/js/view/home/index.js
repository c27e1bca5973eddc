// Home: the graphs with their pictures, patterns to begin with, what waits for a decision, what ran. Rule: whoever comes for
// the first time finds the way to a run within a minute: a pattern, a name, one button.
import { h, useEffect, useMemo, useRef, useState } from "../../../vendor/flow.js";
import { Problem, ROOT, value as asked } from "../../api.js";
import { concernsInbox, concernsRuns, seldom } from "../../live/lists.js";
import { Stream } from "../../live/stream.js";
import { Icon } from "../icons.js";
import { Badge, statusOfRun } from "../run/badge.js";
import { StartRun } from "../run/index.js";
import { useNow } from "../run/now.js";
import { Banner } from "../run/page.js";
import { ago, money, moment, number, span, word } from "../run/speech.js";
import { browser } from "../run/surroundings.js";
import { Dialog } from "./dialog.js";
import { Thumb } from "./thumb.js";

const REFRESH_MS = 300;
const SEARCH_FROM = 9;
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** @param {{setOpen: (count: number) => void}} props */
export function Home({ setOpen }) {
  const [graphs, setGraphs] = useState(/** @type {any[] | null} */ (null));
  const [runs, setRuns] = useState(/** @type {any[] | null} */ (null));
  const [more, setMore] = useState(/** @type {number | null} */ (null));
  const [gates, setGates] = useState(/** @type {any[]} */ ([]));
  const [patterns, setPatterns] = useState(/** @type {any[] | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [dialog, setDialog] = useState(/** @type {{kind: "start", graph: any} | {kind: "new", pattern: any | null} | null} */ (null));
  const [isGalleryOpen, setIsGalleryOpen] = useState(/** @type {boolean | null} */ (null));
  const open = useRef(/** @type {any[]} */ ([]));
  const tellOpen = useRef(setOpen);
  tellOpen.current = setOpen;

  useEffect(() => {
    let isGone = false;
    let position = "0";
    /** @type {Stream | null} */
    let stream = null;
    const lookGraphs = async () => {
      const told = await asked("GET", "api/graphs");
      if (!isGone) setGraphs(told.graphs);
    };
    const lookRuns = async () => {
      const told = await asked("GET", "api/runs?limit=20");
      if (isGone) return;
      setRuns((before) => mergedRuns(told.runs, before ?? [], told.next));
      setMore((before) => (before === null ? told.next : Math.min(before, told.next ?? before)));
      return told.position;
    };
    const lookGates = async () => {
      const told = await asked("GET", "api/inbox");
      if (isGone) return;
      open.current = told.gates;
      setGates(told.gates);
      tellOpen.current(told.gates.length);
    };
    const soonRuns = seldom(lookRuns, REFRESH_MS, browser);
    const soonGates = seldom(lookGates, REFRESH_MS, browser);
    const soonGraphs = seldom(lookGraphs, REFRESH_MS, browser);
    asked("GET", "api/patterns").then((told) => !isGone && setPatterns(told.patterns.map(inWords)), () => !isGone && setPatterns([]));
    Promise.all([lookRuns(), lookGates(), lookGraphs()]).then(
      ([at]) => {
        if (isGone) return;
        position = String(at);
        stream = new Stream(
          () => `${ROOT}api/events?after=${position}`,
          {
            events: {
              message: (event, id) => {
                position = id || position;
                if (concernsRuns(event)) soonRuns();
                if (concernsInbox(event, open.current)) soonGates();
              },
              graph: soonGraphs,
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

  if (error) return h("div", { className: "room home" }, h(Banner, { error }));
  if (!graphs || !runs) return h("div", { className: "room home" }, h("p", { className: "run-empty", role: "status" }, word("inbox.loading")));
  const isGallery = isGalleryOpen ?? graphs.length === 0;
  const moreRuns = async () => {
    const told = await asked("GET", `api/runs?limit=20&before=${more}`);
    setRuns((before) => [...(before ?? []), ...told.runs]);
    setMore(told.next);
  };
  return h(
    "div",
    { className: "room home" },
    gates.length ? h(Asking, { gates }) : null,
    h("section", { "aria-labelledby": "home-graphs" }, h("header", { className: "section-head" }, h("h1", { id: "home-graphs" }, word("home.graphs")), h("span", { className: "quiet" }, graphs.length || ""), h("span", { className: "grow" }), h("button", { type: "button", className: graphs.length ? "button" : "button is-first", "aria-expanded": isGallery, "aria-controls": "home-gallery", onClick: () => setIsGalleryOpen(!isGallery) }, h(Icon, { name: isGallery ? "up" : "plus" }), word("home.new"))), isGallery ? h(Gallery, { patterns, onUse: (pattern) => setDialog({ kind: "new", pattern }) }) : null, h(Graphs, { graphs, onRun: (graph) => setDialog({ kind: "start", graph }) })),
    h(Runs, { runs, more, onMore: () => void moreRuns() }),
    dialog?.kind === "start" ? h(Dialog, { title: dialog.graph.title, onClose: () => setDialog(null) }, h("p", { className: "quiet" }, dialog.graph.description), h(StartRun, { graph: dialog.graph, onStarted: goToRun })) : null,
    dialog?.kind === "new" ? h(NewGraph, { pattern: dialog.pattern, taken: graphs.map((one) => one.name), onClose: () => setDialog(null) }) : null,
  );
}

/** @param {string} run */
function goToRun(run) {
  location.href = `${ROOT}runs/${encodeURIComponent(run)}`;
}

/**
 * The newest page over what was there: older lines that were loaded stay.
 * @param {any[]} fresh
 * @param {any[]} before
 * @param {number | null} next
 */
function mergedRuns(fresh, before, next) {
  if (next === null) return fresh;
  const known = new Set(fresh.map((run) => run.id));
  const last = fresh[fresh.length - 1];
  return [...fresh, ...before.filter((run) => !known.has(run.id) && last && run.started_at <= last.started_at)];
}

/** @param {{gates: any[]}} props */
function Asking({ gates }) {
  const now = useNow(true);
  return h(
    "section",
    { className: "asking", "aria-label": word("home.inbox") },
    h("a", { className: "asking-head", href: `${ROOT}inbox` }, h(Icon, { name: "status-asking" }), h("strong", null, word(gates.length === 1 ? "home.inboxHas" : "home.inboxMany", gates.length > 99 ? "99+" : gates.length)), h(Icon, { name: "right" })),
    h("ul", null, gates.slice(0, 3).map((gate) => h("li", { key: `${gate.run} ${gate.gate}` }, h("span", { className: "ellipsis" }, gate.prompt.trim().split("\n")[0]), h("span", { className: "quiet" }, gate.graph), h("span", { className: "quiet" }, ago(now - Date.parse(gate.since)))))),
  );
}

/** @param {{graphs: any[], onRun: (graph: any) => void}} props */
function Graphs({ graphs, onRun }) {
  const [filter, setFilter] = useState("");
  const found = useMemo(() => {
    const words = filter.trim().toLowerCase();
    return words ? graphs.filter((graph) => `${graph.name} ${graph.title} ${graph.description}`.toLowerCase().includes(words)) : graphs;
  }, [graphs, filter]);
  if (!graphs.length) return h("p", { className: "run-empty" }, word("home.none"));
  return h(
    "div",
    { className: "graphs" },
    graphs.length >= SEARCH_FROM ? h("input", { type: "search", className: "search", value: filter, placeholder: word("home.search"), "aria-label": word("home.search"), onChange: (/** @type {any} */ event) => setFilter(event.currentTarget.value) }) : null,
    h("ul", { className: "cards" }, found.map((graph) => h("li", { key: graph.name }, h(GraphCard, { graph, onRun })))),
  );
}

/** @param {{graph: any, onRun: (graph: any) => void}} props */
function GraphCard({ graph, onRun }) {
  const href = `${ROOT}graphs/${encodeURIComponent(graph.name)}`;
  return h(
    "article",
    { className: "card", "data-graph": graph.name },
    graph.problem ? h("div", { className: "thumb is-broken" }, h(Icon, { name: "status-failed", size: 24 })) : h("a", { href, tabIndex: -1, "aria-hidden": true }, h(Thumb, { path: `api/graphs/${encodeURIComponent(graph.name)}/diagram.svg`, version: graph.hash ?? graph.etag })),
    h("div", { className: "card-text" }, h("h2", null, h("a", { href }, graph.title)), graph.problem ? h("p", { className: "form-said" }, `${word("home.broken")}: ${graph.problem}`) : h("p", { className: "quiet" }, graph.description)),
    h("div", { className: "card-foot" }, h("button", { type: "button", className: "button", "data-run": graph.name, "aria-label": `${word("start.run")}: ${graph.title}`, disabled: graph.problem !== null, onClick: () => onRun(graph) }, h(Icon, { name: "play" }), word("start.run")), h("a", { className: "button is-plain", href, "aria-label": `${word("home.edit")}: ${graph.title}` }, word("home.edit")), h("span", { className: "grow" }), h("span", { className: "quiet small" }, word("home.nodes", graph.nodes))),
  );
}

/**
 * A pattern in the reader's language, where there are words for it.
 * @param {any} pattern
 */
function inWords(pattern) {
  const said = (/** @type {string} */ key, /** @type {string} */ own) => (word(key) === key ? own : word(key));
  return { ...pattern, title: said(`pattern.${pattern.name}`, pattern.title), description: said(`pattern.${pattern.name}.help`, pattern.description) };
}

/** @param {{patterns: any[] | null, onUse: (pattern: any | null) => void}} props */
function Gallery({ patterns, onUse }) {
  return h(
    "section",
    { className: "gallery", id: "home-gallery", "aria-labelledby": "home-patterns" },
    h("h2", { id: "home-patterns" }, word("home.patterns")),
    h("p", { className: "quiet" }, word("home.patternsHint")),
    h(
      "ul",
      { className: "cards is-small" },
      (patterns ?? []).map((pattern) =>
        h("li", { key: pattern.name }, h("button", { type: "button", className: "card is-pattern", "data-pattern": pattern.name, onClick: () => onUse(pattern) }, h(Thumb, { path: `api/patterns/${encodeURIComponent(pattern.name)}/diagram.svg`, version: "" }), h("span", { className: "card-text" }, h("strong", null, pattern.title), h("span", { className: "quiet" }, pattern.description)))),
      ),
      h("li", null, h("button", { type: "button", className: "card is-pattern is-blank", "data-pattern": "", onClick: () => onUse(null) }, h("span", { className: "thumb" }, h(Icon, { name: "plus", size: 24 })), h("span", { className: "card-text" }, h("strong", null, word("home.blank")), h("span", { className: "quiet" }, word("home.blankHint"))))),
    ),
  );
}

/** @param {{pattern: any | null, taken: string[], onClose: () => void}} props */
function NewGraph({ pattern, taken, onClose }) {
  const [name, setName] = useState(() => freeName(pattern?.name ?? "untitled", taken));
  const [said, setSaid] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const [made, setMade] = useState("");
  /** @param {boolean} thenRun */
  const create = async (thenRun) => {
    if (!NAME.test(name)) return setSaid(word("home.nameHint"));
    setIsBusy(true);
    setSaid("");
    try {
      await asked("POST", `api/graphs/${encodeURIComponent(name)}/new`, { from: pattern?.name ?? null });
      if (thenRun) setMade(name);
      else location.href = `${ROOT}graphs/${encodeURIComponent(name)}`;
    } catch (error) {
      setIsBusy(false);
      const problem = /** @type {Problem} */ (error);
      setSaid([problem.where ? `${problem.where}: ${problem.message}` : problem.message, problem.hint].filter(Boolean).join("; "));
    }
  };
  if (made) return h(Dialog, { key: "run", title: pattern?.title ?? made, onClose }, h("p", { className: "quiet" }, pattern?.description), h(StartRun, { graph: made, onStarted: goToRun }));
  return h(
    Dialog,
    { key: "name", title: pattern ? pattern.title : word("home.blank"), onClose },
    pattern ? h("p", { className: "quiet" }, pattern.description) : null,
    h(
      "form",
      { className: "form-fields", noValidate: true, onSubmit: (/** @type {any} */ event) => (event.preventDefault(), void create(pattern !== null)) },
      h("div", { className: "form-field" }, h("label", { htmlFor: "new-name" }, word("home.name")), h("input", { id: "new-name", name: "name", value: name, maxLength: 64, autoComplete: "off", spellCheck: false, "aria-describedby": "new-said", "aria-invalid": said ? true : undefined, onChange: (/** @type {any} */ event) => (setName(event.currentTarget.value), setSaid("")) }), h("span", { id: "new-said", className: said ? "form-said" : "form-help", role: said ? "alert" : undefined }, said || word("home.nameHint"))),
      h("div", { className: "gate-acts" }, pattern ? h("button", { className: "button is-first", disabled: isBusy }, h(Icon, { name: "play" }), word("home.createRun")) : null, h("button", { type: pattern ? "button" : "submit", className: pattern ? "button" : "button is-first", disabled: isBusy, onClick: pattern ? () => void create(false) : undefined }, word("home.create"))),
    ),
  );
}

/**
 * @param {string} name
 * @param {string[]} taken
 */
function freeName(name, taken) {
  const known = new Set(taken);
  for (let number = 1; ; number++) {
    const tried = number === 1 ? name : `${name}-${number}`;
    if (!known.has(tried)) return tried;
  }
}

/** @param {{runs: any[], more: number | null, onMore: () => void}} props */
function Runs({ runs, more, onMore }) {
  const isAnyOpen = runs.some((run) => run.ended_at === null);
  const now = useNow(isAnyOpen);
  return h(
    "section",
    { "aria-labelledby": "home-runs" },
    h("header", { className: "section-head" }, h("h2", { id: "home-runs" }, word("home.runs"))),
    runs.length
      ? h(
          "ul",
          { className: "runs" },
          runs.map((run) => {
            const ended = run.ended_at === null ? now : Date.parse(run.ended_at);
            const ms = ended - Date.parse(run.started_at);
            return h(
              "li",
              { key: run.id },
              h(
                "a",
                { href: `${ROOT}runs/${encodeURIComponent(run.id)}`, "data-run-id": run.id },
                h(Badge, { status: statusOfRun(run) }),
                h("span", { className: "run-name" }, run.graph),
                h("span", { className: "quiet run-why" }, run.error ? run.error.message : run.id),
                h("span", { className: "quiet run-when" }, moment(run.started_at)),
                h("span", { className: "quiet run-time" }, span(run.ended_at === null ? Math.floor(ms / 1000) * 1000 : ms)),
                h("span", { className: "quiet run-cost" }, run.usage.tokens ? `${word("usage.tokens", number(run.usage.tokens))} · ${money(run.usage.usd)}` : ""),
              ),
            );
          }),
        )
      : h("p", { className: "run-empty" }, word("home.noRuns")),
    more === null ? null : h("button", { type: "button", className: "button", onClick: onMore }, word("home.more")),
  );
}
