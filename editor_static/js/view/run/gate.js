// One question to a person: what is asked, exactly what will run, and one button for each answer. Rule: what the server
// knows and what a model or a graph's author wrote are never mixed: facts stand in one frame, words in another, and each
// says whose it is.
import { h, useEffect, useId, useMemo, useRef, useState } from "../../../vendor/flow.js";
import { Problem } from "../../api.js";
import { SchemaForm } from "../fields/form.js";
import { Icon } from "../icons.js";
import { missingOf, placed, startOf } from "../fields/schema.js";
import { ago, moment, span, word } from "./speech.js";

/** @import { Json } from "../../contract.js" */
/** @import { Placed } from "../fields/schema.js" */

/**
 * A gate as `/api/inbox` tells it.
 * @typedef {object} Gate
 * @property {string} run
 * @property {string} graph
 * @property {string} gate
 * @property {string} node
 * @property {string} purpose `gate`, `ask`, `approval`, `effect`
 * @property {string} prompt
 * @property {{name: string, label?: string, form?: any}[]} options
 * @property {any} form
 * @property {any} prefill
 * @property {string[] | null} assignees
 * @property {string} since
 * @property {string | null} deadline
 * @property {string | null} default
 * @property {any} detail
 */

/**
 * A letter for each option, by which it is reached: the first of its name that is free, else its number.
 * @param {{name: string, label?: string}[]} options
 * @returns {string[]}
 */
export function lettersOf(options) {
  // J and K walk through the list.
  const taken = new Set(["j", "k"]);
  return options.map((option, place) => {
    const words = `${option.label ?? ""}${option.name}`.toLowerCase();
    const letter = [...words].find((one) => /[a-z]/.test(one) && !taken.has(one)) ?? String(place + 1);
    taken.add(letter);
    return letter;
  });
}

/**
 * @param {object} props
 * @param {Gate} props.gate
 * @param {(option: string, form: Json | null) => Promise<void>} props.decide
 * @param {number} props.now ms since 1970
 * @param {(option: string) => string | null} [props.leadsTo] what comes after an option, in words
 * @param {string | null} [props.cost] what the run has cost so far, in words
 * @param {boolean} [props.hasLetters] whether letters reach the options (they are shown)
 * @param {(reach: (letter: string) => boolean) => void} [props.onReady] gives the owner a way to reach an option by its letter
 */
export function GateForm({ gate, decide, now, leadsTo, cost, hasLetters, onReady }) {
  const [value, setValue] = useState(() => startOf(gate.form ?? {}, gate.prefill ?? undefined));
  const [chosen, setChosen] = useState(/** @type {string | null} */ (null));
  const [own, setOwn] = useState(/** @type {Json | undefined} */ (undefined));
  const [problems, setProblems] = useState(/** @type {Placed[]} */ ([]));
  const [said, setSaid] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const letters = useMemo(() => lettersOf(gate.options), [gate.options]);
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const heading = useId();

  useEffect(() => {
    onReady?.((letter) => {
      const button = /** @type {HTMLElement | null | undefined} */ (place.current?.querySelector(`[data-letter="${CSS.escape(letter)}"]`));
      button?.focus();
      return Boolean(button);
    });
  }, [onReady, gate.gate, gate.run]);

  /**
   * @param {{name: string, form?: any}} option
   * @param {Json | undefined} form
   */
  const act = async (option, form) => {
    const schema = option.form ?? gate.form;
    const missing = schema ? missingOf(schema, form ?? {}, word("form.required")) : [];
    setProblems(missing);
    if (missing.length) return focusFirst(place.current);
    setSaid("");
    setIsBusy(true);
    try {
      await decide(option.name, schema ? (form ?? {}) : null);
    } catch (error) {
      setIsBusy(false);
      tell(error, setSaid, setProblems);
    }
  };
  /** @param {{name: string, form?: any}} option */
  const choose = (option) => {
    if (!option.form) return void act(option, value);
    setProblems([]);
    setOwn(startOf(option.form, gate.prefill ?? undefined));
    setChosen(option.name);
  };
  const option = gate.options.find((one) => one.name === chosen);
  const isServers = gate.purpose === "approval" || gate.purpose === "effect";
  return h(
    "section",
    { className: "gate", "aria-labelledby": heading, "data-gate": gate.gate, ref: place },
    h("h3", { id: heading, className: "gate-head" }, h(Icon, { name: "status-asking" }), word(`gate.${gate.purpose}`)),
    gate.detail && isServers ? h(Exact, { detail: gate.detail }) : null,
    h(Prompt, { gate, isServers }),
    h(Facts, { gate, now, cost: cost ?? null }),
    gate.form ? h(SchemaForm, { schema: gate.form, value, onChange: setValue, problems: option ? [] : problems, isDisabled: isBusy }) : null,
    said ? h("p", { className: "form-said", role: "alert" }, said) : null,
    h(
      "div",
      { className: "gate-acts" },
      gate.options.map((one, at) =>
        h(
          "button",
          { key: one.name, type: "button", className: at === 0 ? "button is-first" : "button", "data-option": one.name, "data-letter": letters[at], "aria-keyshortcuts": hasLetters ? letters[at] : undefined, "aria-expanded": one.form ? chosen === one.name : undefined, disabled: isBusy, onClick: () => choose(one) },
          one.label ?? one.name,
          hasLetters ? h("kbd", { "aria-hidden": true }, letters[at]?.toUpperCase()) : null,
        ),
      ),
    ),
    h(Consequences, { gate, leadsTo }),
    option?.form ? h(OwnForm, { key: option.name, option, value: own, onChange: setOwn, problems, isBusy, act: () => act(option, own), leave: () => setChosen(null) }) : null,
  );
}

/**
 * @param {unknown} error
 * @param {(said: string) => void} setSaid
 * @param {(problems: Placed[]) => void} setProblems
 */
function tell(error, setSaid, setProblems) {
  if (error instanceof Problem && error.code === "gate.closed") return setSaid(word("gate.decidedMeanwhile"));
  if (error instanceof Problem && error.code === "gate.form") return setProblems(placed(error.message));
  const hint = error instanceof Problem && error.hint ? ` ${error.hint}` : "";
  setSaid(`${/** @type {Error} */ (error).message}${hint}`);
}

/** @param {HTMLElement | null} place */
function focusFirst(place) {
  requestAnimationFrame(() => /** @type {HTMLElement | null | undefined} */ (place?.querySelector("[aria-invalid]"))?.focus());
}

/** @param {{option: any, value: Json | undefined, onChange: (value: Json | undefined) => void, problems: Placed[], isBusy: boolean, act: () => void, leave: () => void}} props */
function OwnForm({ option, value, onChange, problems, isBusy, act, leave }) {
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => /** @type {HTMLElement | null | undefined} */ (form.current?.querySelector("input, textarea, select"))?.focus(), []);
  return h(
    "form",
    { ref: form, className: "gate-own", onSubmit: (/** @type {any} */ event) => (event.preventDefault(), act()), onKeyDown: (/** @type {any} */ event) => (event.ctrlKey || event.metaKey) && event.key === "Enter" && (event.preventDefault(), act()) },
    h(SchemaForm, { schema: option.form, value, onChange, problems, isDisabled: isBusy }),
    h("div", { className: "gate-acts" }, h("button", { className: "button is-first", disabled: isBusy }, option.label ?? option.name), h("button", { type: "button", className: "button is-plain", onClick: leave }, word("back"))),
  );
}

/** @param {{detail: any}} props */
function Exact({ detail }) {
  const { tool, args, risk, version, error, binding } = detail;
  return h(
    "div",
    { className: "exact" },
    h("p", { className: "exact-head" }, h(Icon, { name: "tool" }), word("gate.exact"), h("span", { className: "exact-whose" }, word("gate.notModel"))),
    h("dl", { className: "facts" }, fact(word("gate.tool"), h("code", null, tool)), version ? fact(word("gate.version"), h("code", { title: version }, String(version).slice(0, 12))) : null, risk ? fact(word("gate.risk"), word(`risk.${risk}`)) : null, error ? fact(word("gate.endedWith"), error) : null),
    h("pre", { className: "code", tabIndex: 0, role: "region", "aria-label": word("gate.arguments") }, JSON.stringify(args, null, 2)),
    binding ? h("p", { className: "quiet small" }, word("gate.binding", String(binding).slice(0, 12))) : null,
  );
}

/** @param {{gate: Gate, isServers: boolean}} props */
function Prompt({ gate, isServers }) {
  // The server's own question repeats the arguments, which stand above whole.
  const text = isServers ? (gate.prompt.split("\n\n")[0] ?? "") : gate.prompt;
  if (isServers) return h("p", { className: "gate-prompt" }, text);
  const whose = gate.purpose === "ask" ? word("gate.modelSays") : word("gate.graphSays", gate.graph);
  return h("figure", { className: "framed" }, h("figcaption", { className: "quiet small" }, whose), h("div", { className: "gate-prompt", tabIndex: text.length > 600 ? 0 : undefined, role: text.length > 600 ? "region" : undefined, "aria-label": text.length > 600 ? whose : undefined }, text));
}

/** @param {{gate: Gate, now: number, cost: string | null}} props */
function Facts({ gate, now, cost }) {
  const left = gate.deadline ? Date.parse(gate.deadline) - now : null;
  return h(
    "dl",
    { className: "facts" },
    gate.assignees ? fact(word("gate.assigned"), gate.assignees.join(", ")) : null,
    fact(word("gate.since"), h("time", { dateTime: gate.since, title: moment(gate.since) }, ago(now - Date.parse(gate.since)))),
    gate.deadline && left !== null ? fact(word("gate.until"), h("time", { dateTime: gate.deadline, title: moment(gate.deadline) }, left > 0 ? word("gate.left", moment(gate.deadline), span(Math.floor(left / 1000) * 1000)) : moment(gate.deadline))) : null,
    gate.default ? fact(word("gate.default"), gate.options.find((one) => one.name === gate.default)?.label ?? gate.default) : null,
    cost ? fact(word("gate.cost"), cost) : null,
  );
}

/** @param {{gate: Gate, leadsTo: ((option: string) => string | null) | undefined}} props */
function Consequences({ gate, leadsTo }) {
  const lines = leadsTo ? gate.options.map((option) => /** @type {const} */ ([option.label ?? option.name, leadsTo(option.name)])).filter(([, to]) => to) : [];
  return lines.length ? h("ul", { className: "gate-after quiet small" }, lines.map(([name, to]) => h("li", { key: name }, `${name} → ${to}`))) : null;
}

/**
 * @param {string} name
 * @param {any} value
 */
export function fact(name, value) {
  return h("div", { key: name }, h("dt", null, name), h("dd", null, value));
}
