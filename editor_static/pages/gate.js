// One open gate: what is asked, exactly what will run, and one button per option. Rule: the model's words and the
// server's facts are never mixed.
import { Problem } from "./api.js";
import { fill, h } from "./build.js";
import { formOf } from "./form.js";
import { moment, word } from "./words.js";

/**
 * @param {any} gate
 * @param {(option: string, form: any) => Promise<any>} decide
 * @returns {HTMLElement}
 */
export function gatePanel(gate, decide) {
  const said = h("p", { class: "said", role: "alert", hidden: true });
  const place = h("div", {});
  const body = h("div", { class: "body" }, question(gate), place, said);
  /** @type {(option: any, form: any) => Promise<void>} */
  const act = async (option, form) => {
    said.hidden = true;
    for (const button of body.querySelectorAll("button")) button.disabled = true;
    try {
      await decide(option.name, form);
      fill(body, h("p", {}, word("decided")));
    } catch (error) {
      for (const button of body.querySelectorAll("button")) button.disabled = false;
      const isOver = error instanceof Problem && error.code === "gate.closed";
      said.textContent = isOver ? word("decidedMeanwhile") : String(/** @type {Error} */ (error).message);
      said.hidden = false;
    }
  };
  fill(place, options(gate, act));
  return h(
    "section",
    { class: "panel gate", "aria-label": word("asks"), "data-gate": gate.gate },
    h("div", { class: "head" }, h("h2", {}, word("asks")), h("span", { class: "grow" }), h("span", { class: "quiet" }, gate.node)),
    body,
  );
}

/** @param {any} gate */
function question(gate) {
  const facts = h("dl", { class: "facts" });
  if (gate.assignees) facts.append(h("dt", {}, word("assigned")), h("dd", {}, gate.assignees.join(", ")));
  facts.append(h("dt", {}, word("since")), h("dd", {}, moment(gate.since)));
  if (gate.deadline) facts.append(h("dt", {}, word("until")), h("dd", {}, moment(gate.deadline)));
  if (gate.default) facts.append(h("dt", {}, word("defaultAt")), h("dd", {}, gate.default));
  const exact = gate.detail ? h("div", {}, h("h3", {}, word("exact")), h("pre", { class: "exact" }, JSON.stringify(gate.detail, null, 2))) : null;
  return h("div", { class: "stack" }, exact, h("p", { class: `prompt${exact ? " framed" : ""}` }, gate.prompt), facts);
}

/**
 * One form for all options that share it; an option with a form of its own shows it when chosen.
 * @param {any} gate
 * @param {(option: any, form: any) => Promise<void>} act
 */
function options(gate, act) {
  const shared = formOf(gate.form, gate.prefill ?? {});
  const own = h("div", { hidden: true });
  const buttons = gate.options.map((/** @type {any} */ option, /** @type {number} */ place) =>
    h("button", { type: "button", class: place === 0 ? "first" : "", "data-option": option.name, onclick: () => choose(option) }, option.label ?? option.name),
  );
  /** @param {any} option */
  const choose = (option) => {
    if (!option.form) return void act(option, shared.value());
    const form = formOf(option.form, gate.prefill ?? {});
    const send = h("button", { class: "first" }, option.label ?? option.name);
    fill(own, h("form", { onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), act(option, form.value())) }, ...form.fields, h("div", { class: "acts" }, send)));
    own.hidden = false;
  };
  return h("div", { class: "stack" }, h("form", { onsubmit: (/** @type {Event} */ event) => event.preventDefault() }, ...shared.fields), h("div", { class: "acts" }, ...buttons), own);
}
