// The runs of one graph, in the editor: the newest one is shown, or the one that was looked at before; the others can be
// chosen, a new one started. Rule: what is drawn is saved before it runs, so that the run is of what the author sees.
import { h, useCallback, useEffect, useRef, useState } from "../../../vendor/flow.js";
import { value as asked } from "../../api.js";
import { Icon } from "../icons.js";
import { moment, word } from "./speech.js";
import { StartRun } from "./start.js";
import { OneRun } from "./view.js";

const LISTED = 30;

/**
 * @param {object} props
 * @param {string} props.name the graph's
 * @param {{flush: () => Promise<void>, get: () => {graph: any}} | undefined} props.store what keeps the document
 * @param {import("../../store/pins.js").Pins | undefined} props.pins
 * @param {((run: string) => void) | undefined} props.onRun the run that is looked at
 * @param {string | null} props.first the one to begin with; null: the newest
 * @param {boolean} props.isNew whether the form of a new one is shown
 * @param {(isNew: boolean) => void} props.onNew
 */
export function GraphRuns({ name, store, pins, onRun, first, isNew, onNew }) {
  const [runs, setRuns] = useState(/** @type {any[] | null} */ (null));
  const [chosen, setChosen] = useState(first);
  const [said, setSaid] = useState("");
  const look = useCallback(
    () =>
      asked("GET", `api/runs?graph=${encodeURIComponent(name)}&limit=${LISTED}`).then(
        (told) => (setRuns(told.runs), told.runs),
        (error) => (setSaid(String(error.message)), setRuns([]), []),
      ),
    [name],
  );
  useEffect(() => {
    let isGone = false;
    void look().then((found) => {
      if (!isGone) setChosen((before) => before ?? found[0]?.id ?? null);
    });
    return () => void (isGone = true);
  }, [look]);
  const tell = useRef(onRun);
  tell.current = onRun;
  useEffect(() => {
    if (chosen) tell.current?.(chosen);
  }, [chosen]);
  if (runs === null) return h("div", { className: "run-view is-loading" }, h("p", { className: "run-empty", role: "status" }, word("run.loading", name)));
  /** @param {string} id */
  const started = (id) => {
    onNew(false);
    setChosen(id);
    void look();
  };
  if (isNew || !chosen) {
    return h(
      "div",
      { className: "run-view is-starting" },
      h(
        "div",
        { className: "run-start" },
        h("h2", null, word("room.start", name)),
        said ? h("p", { className: "form-said", role: "alert" }, said) : null,
        chosen ? null : h("p", { className: "quiet" }, word("room.none")),
        h(StartRun, { graph: name, pinned: store && pins ? { pins, graph: store.get().graph } : undefined, before: store ? () => store.flush() : undefined, onStarted: started, onClose: chosen ? () => onNew(false) : undefined }),
      ),
    );
  }
  const lead = h(
    "span",
    { className: "run-lead" },
    h("button", { type: "button", className: "button is-first", onClick: () => onNew(true) }, h(Icon, { name: "play" }), word("room.new")),
    h("select", { value: chosen, "aria-label": word("room.runs"), onChange: (/** @type {any} */ event) => setChosen(event.currentTarget.value) }, [...new Set([chosen, ...runs.map((run) => run.id)])].map((id) => h("option", { key: id, value: id }, runWords(id, runs)))),
  );
  return h(OneRun, { key: chosen, run: chosen, name, lead });
}

/**
 * @param {string} id
 * @param {any[]} runs
 */
function runWords(id, runs) {
  const run = runs.find((one) => one.id === id);
  return run ? `${moment(run.started_at)} · ${word(`status.${run.status}`)}` : id;
}
