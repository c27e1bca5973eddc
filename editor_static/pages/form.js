// A form from a JSON Schema of plain fields. Rule: what the schema cannot say in a field is typed as JSON; the server
// checks everything again.
import { h } from "./build.js";

/**
 * @param {any} schema
 * @param {Record<string, any>} [prefill]
 * @returns {{fields: Node[], value: () => Record<string, any>}}
 */
export function formOf(schema, prefill = {}) {
  const properties = Object.entries(schema?.properties ?? {});
  const required = new Set(schema?.required ?? []);
  const made = properties.map(([name, field]) => fieldOf(name, /** @type {any} */ (field), prefill[name], required.has(name)));
  return {
    fields: made.map((one) => one.element),
    value: () => Object.fromEntries(made.map((one) => [one.name, one.read()]).filter(([, value]) => value !== undefined)),
  };
}

/**
 * @param {string} name
 * @param {any} schema
 * @param {any} known
 * @param {boolean} isRequired
 */
function fieldOf(name, schema, known, isRequired) {
  const start = known ?? schema.default;
  const title = schema.title ?? name;
  if (schema.type === "boolean") {
    const box = h("input", { type: "checkbox", name });
    box.checked = start === true;
    return { name, element: h("label", { class: "inline" }, box, title), read: () => box.checked };
  }
  if (Array.isArray(schema.enum)) {
    const choice = h("select", { name }, ...schema.enum.map((/** @type {any} */ one) => h("option", { value: JSON.stringify(one), selected: one === start }, String(one))));
    return { name, element: h("label", {}, title, choice), read: () => JSON.parse(choice.value) };
  }
  const isNumber = schema.type === "number" || schema.type === "integer";
  const isText = schema.type === "string" || schema.type === undefined;
  const isLong = !isNumber && (schema.maxLength === undefined ? String(start ?? "").length > 60 : schema.maxLength > 200);
  const shown = start === undefined || start === null ? "" : isText ? String(start) : JSON.stringify(start);
  const input = h(isLong || (!isNumber && !isText) ? "textarea" : "input", { name, value: shown, required: isRequired, inputmode: isNumber ? "decimal" : null, autocomplete: "off" });
  return { name, element: h("label", {}, title, input), read: () => typed(input.value, isText) };
}

/**
 * @param {string} text
 * @param {boolean} isText
 */
function typed(text, isText) {
  if (text.trim() === "") return undefined;
  if (isText) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
