// A form from a JSON Schema. Rule: the value that goes in comes out unless the reader changed it; a field left empty is
// absent; what is wrong is said at its field, joined to it for a screen reader.
import { h, useEffect, useId, useRef, useState } from "../../../vendor/flow.js";
import { Icon } from "../icons.js";
import { fieldOf } from "./schema.js";
import { word } from "../run/speech.js";

/** @import { ReactNode } from "../../../vendor/flow.js" */
/** @import { Json } from "../../contract.js" */
/** @import { Field, Placed } from "./schema.js" */

/**
 * @typedef {object} FormProps
 * @property {any} schema
 * @property {Json | undefined} value
 * @property {(value: Json | undefined) => void} onChange
 * @property {Placed[]} [problems] by JSON Pointer
 * @property {boolean} [isDisabled]
 * @property {(at: At) => ReactNode | undefined} [render] a field of one's own for some places; undefined: the usual one
 */

/**
 * One place of the form.
 * @typedef {object} At
 * @property {any} schema as it was declared
 * @property {any} root
 * @property {string} place JSON Pointer
 * @property {string} name
 * @property {Json | undefined} value
 * @property {(value: Json | undefined) => void} onChange
 * @property {boolean} isRequired
 * @property {number} depth
 * @property {FormProps} form
 */

/** @param {FormProps} props */
export function SchemaForm(props) {
  const at = { schema: props.schema ?? {}, root: props.schema ?? {}, place: "", name: "", value: props.value, onChange: props.onChange, isRequired: true, depth: 0, form: props };
  const field = fieldOf(at.schema, at.root);
  const whole = (props.problems ?? []).filter((one) => one.place === "" || !isShown(at.schema, at.root, one.place));
  return h(
    "div",
    { className: "form-fields" },
    field.kind === "object" ? h(Members, { at, field }) : h(FieldAt, { at }),
    whole.map((one, key) => h("p", { key, className: "form-said", role: "alert" }, place(one))),
  );
}

/** @param {Placed} one */
function place(one) {
  return one.place ? `${one.place.slice(1)}: ${one.message}` : one.message;
}

/**
 * Whether some field shows what is said of this place.
 * @param {any} schema
 * @param {any} root
 * @param {string} pointer
 */
function isShown(schema, root, pointer) {
  let at = schema;
  for (const part of pointer.slice(1).split("/")) {
    const field = fieldOf(at, root);
    if (field.kind === "object") at = field.schema.properties?.[part.replace(/~1/g, "/").replace(/~0/g, "~")];
    else if (field.kind === "list") at = field.schema.items ?? {};
    else return true;
    if (at === undefined) return false;
  }
  return true;
}

/**
 * @param {{at: At, field: Field}} props
 * @returns {ReactNode}
 */
function Members({ at, field }) {
  const value = /** @type {any} */ (at.value ?? {});
  const required = new Set(field.schema.required ?? []);
  return Object.entries(field.schema.properties ?? {}).map(([name, schema]) => {
    /** @type {At} */
    const inner = {
      ...at,
      schema, name, value: value[name], isRequired: required.has(name), depth: at.depth + 1,
      place: `${at.place}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`,
      onChange: (next) => at.onChange(withMember(value, name, next)),
    };
    return h(FieldAt, { key: name, at: inner });
  });
}

/**
 * @param {any} value
 * @param {string} name
 * @param {Json | undefined} next
 */
function withMember(value, name, next) {
  const { [name]: _, ...rest } = value;
  if (next === undefined) return rest;
  return name in value ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, key === name ? next : one])) : { ...value, [name]: next };
}

/**
 * @param {{at: At}} props
 * @returns {ReactNode}
 */
function FieldAt({ at }) {
  const id = useId();
  const own = at.form.render?.(at);
  if (own !== undefined) return own;
  const field = fieldOf(at.schema, at.root, { depth: at.depth, value: at.value });
  const said = (at.form.problems ?? []).filter((one) => one.place === at.place);
  const title = field.schema.title ?? at.name;
  const help = typeof field.schema.description === "string" ? field.schema.description : "";
  const describedBy = [help ? `${id}-help` : "", said.length ? `${id}-said` : ""].filter(Boolean).join(" ") || undefined;
  const notes = [
    help ? h("span", { key: "help", id: `${id}-help`, className: "form-help" }, help) : null,
    said.length ? h("span", { key: "said", id: `${id}-said`, className: "form-said", role: "alert" }, said.map((one) => one.message).join("; ")) : null,
  ];
  /** @type {any} */
  const common = { id, "aria-describedby": describedBy, "aria-invalid": said.length ? true : undefined, "aria-required": at.isRequired || undefined, disabled: at.form.isDisabled, name: at.name || undefined };
  const props = { at, field, common, title };
  if (field.kind === "object" || field.kind === "list") {
    return h(
      "fieldset",
      { className: "form-group", "aria-describedby": describedBy },
      h("legend", null, title, marker(at)),
      field.kind === "object" ? h("div", { className: "form-fields" }, h(Members, { at, field })) : h(ListField, props),
      notes,
    );
  }
  if (field.kind === "boolean") {
    return h("div", { className: "form-field is-inline" }, h("input", { ...common, type: "checkbox", checked: at.value === true, onChange: (/** @type {any} */ event) => at.onChange(event.currentTarget.checked) }), h("label", { htmlFor: id }, title), notes);
  }
  const control = field.kind === "choice" ? h(ChoiceField, props) : field.kind === "number" || field.kind === "integer" ? h(NumberField, props) : field.kind === "json" ? h(JsonField, props) : h(TextField, props);
  return h("div", { className: "form-field" }, at.name || field.schema.title ? h("label", { htmlFor: id }, title, marker(at)) : null, control, notes);
}

/** @param {At} at */
function marker(at) {
  return at.isRequired && at.name ? null : at.name ? h("span", { className: "form-optional" }, word("form.optional")) : null;
}

/** @typedef {{at: At, field: Field, common: any, title: string}} Props */

/** @param {Props} props */
function TextField({ at, field, common }) {
  const value = typeof at.value === "string" ? at.value : at.value === undefined || at.value === null ? "" : JSON.stringify(at.value);
  /** @param {any} event */
  const change = (event) => at.onChange(event.currentTarget.value === "" && !(at.isRequired && field.schema.minLength === 0) ? undefined : event.currentTarget.value);
  const limits = { maxLength: field.schema.maxLength, placeholder: example(field.schema) };
  if (field.kind === "long") return h("textarea", { ...common, ...limits, value, rows: Math.min(12, Math.max(3, value.split("\n").length + 1)), onChange: change });
  const type = { date: "date", time: "time", email: "email", uri: "url" }[/** @type {string} */ (field.schema.format)] ?? "text";
  return h("input", { ...common, ...limits, type, value, autoComplete: "off", onChange: change });
}

/** @param {any} schema */
function example(schema) {
  return Array.isArray(schema.examples) && typeof schema.examples[0] === "string" ? schema.examples[0] : undefined;
}

/**
 * The text is the reader's while it is typed ("1." is no number yet); the value is what it says.
 * @param {Props} props
 */
function NumberField({ at, field, common }) {
  const [text, setText] = useState(at.value === undefined || at.value === null ? "" : String(at.value));
  const given = useRef(at.value);
  useEffect(() => {
    if (given.current === at.value) return;
    given.current = at.value;
    setText(at.value === undefined || at.value === null ? "" : String(at.value));
  }, [at.value]);
  /** @param {any} event */
  const change = (event) => {
    const typed = event.currentTarget.value;
    setText(typed);
    const number = Number(typed);
    const value = typed.trim() === "" ? undefined : Number.isFinite(number) ? number : typed;
    given.current = value;
    at.onChange(value);
  };
  const bounds = [field.schema.minimum, field.schema.maximum];
  const hint = bounds.some((one) => one !== undefined) ? `${bounds[0] ?? "…"} – ${bounds[1] ?? "…"}` : undefined;
  return h("input", { ...common, type: "text", inputMode: field.kind === "integer" ? "numeric" : "decimal", value: text, placeholder: hint, autoComplete: "off", className: "form-number", onChange: change });
}

/** @param {Props} props */
function ChoiceField({ at, field, common }) {
  const values = field.schema.enum ?? [field.schema.const];
  const shown = values.map((/** @type {Json} */ one, /** @type {number} */ place) => field.schema.titles?.[place] ?? (typeof one === "string" ? one : JSON.stringify(one)));
  const chosen = values.findIndex((/** @type {Json} */ one) => JSON.stringify(one) === JSON.stringify(at.value));
  const isOpen = chosen < 0 || !at.isRequired;
  return h(
    "select",
    { ...common, value: String(chosen), onChange: (/** @type {any} */ event) => at.onChange(event.currentTarget.value === "-1" ? undefined : values[Number(event.currentTarget.value)]) },
    isOpen ? h("option", { value: "-1" }, word("form.none")) : null,
    shown.map((/** @type {string} */ text, /** @type {number} */ place) => h("option", { key: place, value: String(place) }, text)),
  );
}

/**
 * @param {Props} props
 * @returns {ReactNode}
 */
function ListField({ at, field, title }) {
  const list = Array.isArray(at.value) ? at.value : [];
  const items = field.schema.items ?? {};
  const last = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [added, setAdded] = useState(0);
  useEffect(() => {
    if (added) /** @type {HTMLElement | null} */ (last.current?.querySelector(".form-item:last-of-type input, .form-item:last-of-type textarea, .form-item:last-of-type select"))?.focus();
  }, [added]);
  /** @param {Json[]} next */
  const set = (next) => at.onChange(next.length || at.isRequired ? next : undefined);
  const isFull = field.schema.maxItems !== undefined && list.length >= field.schema.maxItems;
  return h(
    "div",
    { className: "form-list", ref: last },
    list.map((value, place) => {
      /** @type {At} */
      const inner = { ...at, schema: { title: `${title} ${place + 1}`, ...items }, name: `${at.name}-${place + 1}`, value, isRequired: true, depth: at.depth + 1, place: `${at.place}/${place}`, onChange: (next) => set(list.map((one, i) => (i === place ? (next ?? emptyOf(items)) : one))) };
      return h("div", { key: place, className: "form-item" }, h(FieldAt, { at: inner }), h("button", { type: "button", className: "icon-button", "aria-label": word("form.remove", `${title} ${place + 1}`), disabled: at.form.isDisabled, onClick: () => set(list.filter((_, i) => i !== place)) }, h(Icon, { name: "close" })));
    }),
    h("button", { type: "button", className: "button is-small", disabled: at.form.isDisabled || isFull, onClick: () => (set([...list, emptyOf(items)]), setAdded(added + 1)) }, h(Icon, { name: "plus" }), word("form.add", title)),
  );
}

/**
 * @param {any} schema
 * @returns {Json}
 */
function emptyOf(schema) {
  if (schema.default !== undefined) return schema.default;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  return { string: "", number: 0, integer: 0, boolean: false, array: [], object: {} }[/** @type {string} */ (schema.type)] ?? null;
}

/** @param {Props} props */
function JsonField({ at, common }) {
  const [text, setText] = useState(at.value === undefined ? "" : JSON.stringify(at.value, null, 2));
  const [isWrong, setIsWrong] = useState(false);
  const given = useRef(at.value);
  useEffect(() => {
    if (given.current === at.value) return;
    given.current = at.value;
    setText(at.value === undefined ? "" : JSON.stringify(at.value, null, 2));
    setIsWrong(false);
  }, [at.value]);
  /** @param {any} event */
  const change = (event) => {
    const typed = event.currentTarget.value;
    setText(typed);
    try {
      const value = typed.trim() === "" ? undefined : JSON.parse(typed);
      setIsWrong(false);
      given.current = value;
      at.onChange(value);
    } catch {
      setIsWrong(true);
    }
  };
  return h(
    "div",
    { className: "form-json" },
    h("textarea", { ...common, "aria-invalid": isWrong || common["aria-invalid"], className: "mono", value: text, rows: Math.min(14, Math.max(3, text.split("\n").length)), spellCheck: false, onChange: change }),
    isWrong ? h("span", { className: "form-said", role: "alert" }, word("form.notJson")) : null,
  );
}
