// Start a run: a form from the graph's input, and what is missing said before anything runs. Rule: where the graph needs a
// model that nobody here can answer for, a simulation is offered first: it needs no key and costs nothing.
import { h, useEffect, useRef, useState } from "../../../vendor/flow.js";
import { Problem, value as asked } from "../../api.js";
import { modelsThatNeedKeys } from "../../live/lists.js";
import { SchemaForm } from "../fields/form.js";
import { Icon } from "../icons.js";
import { missingOf, placed, startOf } from "../fields/schema.js";
import { usePins } from "./pinned.js";
import { word } from "./speech.js";

/** @import { Placed } from "../fields/schema.js" */
/** @import { Pinned } from "./pinned.js" */

/**
 * A graph as `/api/graphs` lists it.
 * @typedef {object} GraphLine
 * @property {string} name
 * @property {string} title
 * @property {any} input JSON Schema, or null
 * @property {boolean} has_answers scripted answers lie beside it
 * @property {string | null} problem
 */

/**
 * @param {object} props
 * @param {GraphLine | string} props.graph the line, or its name
 * @param {(run: string) => void} props.onStarted given the run's id
 * @param {() => Promise<void>} [props.before] to be done first, for instance saving what is drawn
 * @param {() => void} [props.onClose]
 * @param {Pinned} [props.pinned] the graph as it is drawn, and what is pinned for it
 */
export function StartRun({ graph, onStarted, onClose, before, pinned }) {
  const [line, setLine] = useState(/** @type {GraphLine | null} */ (typeof graph === "string" ? null : graph));
  const [lost, setLost] = useState("");
  useEffect(() => {
    if (typeof graph !== "string") return setLine(graph);
    let isGone = false;
    asked("GET", "api/graphs").then(
      (told) => {
        if (isGone) return;
        const found = told.graphs.find((/** @type {GraphLine} */ one) => one.name === graph);
        if (found) setLine(found);
        else setLost(word("start.noGraph", graph));
      },
      (error) => !isGone && setLost(String(error.message)),
    );
    return () => void (isGone = true);
  }, [graph]);
  if (lost) return h("p", { className: "form-said", role: "alert" }, lost);
  return line ? h(Form, { key: line.name, line, onStarted, onClose, before, pinned }) : h("p", { className: "run-empty", role: "status" }, word("start.loading"));
}

/** @param {{line: GraphLine, onStarted: (run: string) => void, onClose?: (() => void) | undefined, before?: (() => Promise<void>) | undefined, pinned?: Pinned | undefined}} props */
function Form({ line, onStarted, onClose, before, pinned }) {
  const schema = line.input ?? { type: "object" };
  const [value, setValue] = useState(() => startOf(schema, undefined) ?? {});
  const [problems, setProblems] = useState(/** @type {Placed[]} */ ([]));
  const [said, setSaid] = useState(/** @type {Problem | null} */ (null));
  const [isBusy, setIsBusy] = useState(false);
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  // The same press twice is one run.
  const key = useRef("");
  const hasFields = schema !== null && (Object.keys(schema.properties ?? {}).length > 0 || schema.type !== "object");
  const needs = useNeedsModel(line);
  const needsModel = needs === true;
  const { fresh, part } = usePins(pinned, isBusy, () => (key.current = ""));

  /** @param {boolean} isSimulated */
  const start = async (isSimulated) => {
    const missing = missingOf(schema, value, word("form.required"));
    setProblems(missing);
    setSaid(null);
    if (missing.length) return focusFirst(form.current);
    setIsBusy(true);
    key.current ||= `start-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
    try {
      await before?.();
      const run = await asked("POST", "api/runs", { graph: line.name, input: value, ...(isSimulated ? { simulate: true } : {}), ...(fresh ? { pins: fresh } : {}) }, { "idempotency-key": key.current });
      onStarted(run.id);
    } catch (error) {
      key.current = "";
      setIsBusy(false);
      const problem = /** @type {Problem} */ (error);
      if (isAboutInput(problem)) {
        setProblems(placed(problem.message));
        focusFirst(form.current);
      } else setSaid(problem);
    }
  };
  // Who asked for it by a key or a press goes on in it; a finger would only bring up its keyboard.
  useEffect(() => {
    if (needs === null || matchMedia("(pointer: coarse)").matches || form.current?.closest("dialog")) return;
    /** @type {HTMLElement | null | undefined} */ (form.current?.querySelector("input, textarea, select") ?? form.current?.querySelector("button.is-first"))?.focus();
  }, [needs]);
  const simulate = h("button", { key: "simulate", type: needsModel ? "submit" : "button", className: needsModel ? "button is-first" : "button is-plain", disabled: isBusy, onClick: needsModel ? undefined : () => void start(true), title: word("start.simulateHint") }, word("start.simulate"));
  const run = h("button", { key: "run", type: needsModel ? "button" : "submit", className: needsModel ? "button" : "button is-first", disabled: isBusy, onClick: needsModel ? () => void start(false) : undefined }, h(Icon, { name: "play" }), word("start.run"));
  return h(
    "form",
    { className: "start", ref: form, noValidate: true, "aria-label": word("start.label", line.title), onSubmit: (/** @type {any} */ event) => (event.preventDefault(), void start(needsModel)) },
    line.problem ? h("p", { className: "form-said", role: "alert" }, line.problem) : null,
    hasFields ? h(SchemaForm, { schema, value, onChange: (next) => (setValue(next ?? {}), (key.current = "")), problems, isDisabled: isBusy }) : h("p", { className: "quiet" }, word("start.noInput")),
    part,
    needsModel ? h("p", { className: "quiet" }, word("start.needsModel")) : null,
    said ? h("div", { className: "banner is-failed", role: "alert" }, h("strong", null, said.message), said.hint ? h("span", null, said.hint) : null) : null,
    h("div", { className: "gate-acts" }, needsModel ? [simulate, run] : [run, simulate], onClose ? h("button", { type: "button", className: "button is-plain", onClick: onClose }, word("close")) : null),
  );
}

/**
 * Whether it asks models that only a key can answer for; null: that is not known yet.
 * @param {GraphLine} line
 */
function useNeedsModel(line) {
  const [needs, setNeeds] = useState(/** @type {boolean | null} */ (null));
  useEffect(() => {
    let isGone = false;
    asked("GET", `api/graphs/${encodeURIComponent(line.name)}`).then((document) => !isGone && setNeeds(modelsThatNeedKeys(document, line.has_answers).length > 0), () => !isGone && setNeeds(false));
    return () => void (isGone = true);
  }, [line.name, line.has_answers]);
  return needs;
}

/** @param {Problem} problem */
function isAboutInput(problem) {
  return problem instanceof Problem && typeof problem.where === "string" && problem.where.startsWith("input of ");
}

/** @param {HTMLElement | null} place */
function focusFirst(place) {
  requestAnimationFrame(() => /** @type {HTMLElement | null | undefined} */ (place?.querySelector("[aria-invalid]"))?.focus());
}
