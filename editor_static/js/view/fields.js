// Fields made from the JSON Schema of the document. Rule: what is typed becomes an edit of the one field it belongs to; what
// cannot be read yet (a half number, half JSON) stays in the field with its reason and changes nothing.
import { createContext, h, useContext, useEffect, useId, useRef, useState } from "../../vendor/flow.js";
import { word } from "../words.js";
import { CompletingText } from "./completion.js";
import { isObject, pointerOf } from "./context.js";
import { Finding } from "./finding.js";
import { Icon } from "./icons.js";
/** @import { Context } from "../../vendor/flow.js" */
/** @import { Path } from "../contract.js" */

/** Of more entries than these only those near the view have their fields made. */
const MANY_PAIRS = 20;
const NEAR_VIEW = "600px 0px";

/**
 * @typedef {object} FormOf
 * @property {any} root the whole schema, for its $defs
 * @property {Path} base where the form's value stands in the shown graph
 * @property {(path: Path, value: any, typing?: boolean) => void} set path below `base`; undefined takes the field away
 * @property {(place: string) => any[]} findingsAt findings at a JSON Pointer of the shown graph and below it
 * @property {string | null} node whose form it is, for completion
 * @property {(name: string, path: Path) => string[]} [choices] what a text may be, for a list of suggestions
 */
/** @type {Context<FormOf | null>} */
export const FormContext = createContext(/** @type {FormOf | null} */ (null));

export function useForm() {
  const form = useContext(FormContext);
  if (!form) throw new Error("a field stands outside a form");
  return form;
}

/** Objects that are JSON Schemas and are written as JSON. */
const SCHEMAS = new Set(["output_schema", "form", "input", "schema"]);
const LONG = new Set(["instructions", "prompt", "description", "fail"]);

/**
 * A schema with its reference followed, the words beside the reference kept.
 * @param {any} schema
 * @param {any} root
 */
export function resolved(schema, root) {
  if (typeof schema?.$ref !== "string") return schema;
  const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
  return { ...root.$defs[name], ...schema, name };
}

/** @param {any} schema */
function isAnything(schema) {
  return schema?.name === "JsonValue" || (isObject(schema) && !("type" in schema) && !("oneOf" in schema) && !("enum" in schema));
}

/**
 * One field with its name, its help, its findings.
 * @param {{ name: string, schema: any, value: any, path: Path, isRequired?: boolean, title?: string }} props
 * @returns {any}
 */
export function Field({ name, schema: given, value, path, isRequired = false, title }) {
  const form = useForm();
  const id = useId();
  const schema = resolved(given, form.root);
  if ("const" in schema) return null;
  const label = title ?? word(`field.${name}`, name);
  const help = schema.description ? word(schema.description) : "";
  const place = pointerOf([...form.base, ...path]);
  const isOptional = !isRequired && value !== undefined;
  const isGroup = schema.type === "object" && isObject(schema.properties);
  const isSwitch = schema.type === "boolean";
  const found = form.findingsAt(place).filter((one) => !isGroup || one.place === place);
  const control = h(Control, { id, name, schema, value, path, isInvalid: found.some((one) => one.severity === "error"), describedBy: `${id}-help` });
  const clear = isOptional && !isSwitch
    ? h("button", { type: "button", className: "clear", "aria-label": word("field.clear", label), title: word("field.clear", label), onClick: () => form.set(path, undefined) }, h(Icon, { name: "close", size: 12 }))
    : null;
  if (isSwitch) {
    return h("div", { className: "field inline", "data-place": place }, h("label", { htmlFor: id }, label), control, help ? h("p", { className: "help", id: `${id}-help` }, help) : null, found.map((one, index) => h(Finding, { key: index, finding: one })));
  }
  const isSimple = labelsItsControl(schema, name);
  return h(
    "div",
    { className: "field", "data-place": place, role: isSimple ? undefined : "group", "aria-labelledby": isSimple ? undefined : `${id}-label` },
    h(
      "div",
      { className: "label-row" },
      isSimple ? h("label", { htmlFor: id }, label) : h("span", { className: "label", id: `${id}-label` }, label),
      h("span", { className: "type" }, typeWord(schema, name)),
      clear,
    ),
    control,
    help ? h("p", { className: "help", id: `${id}-help` }, help) : null,
    found.map((one, index) => h(Finding, { key: index, finding: one })),
  );
}

/**
 * @param {any} schema
 * @param {string} name
 */
function labelsItsControl(schema, name) {
  if (schema.enum || SCHEMAS.has(name)) return true;
  return schema.type === "string" || schema.type === "number" || schema.type === "integer" || isAnything(schema) || isNumberOrText(schema);
}

/** @param {any} schema */
function isNumberOrText(schema) {
  const types = (schema.oneOf ?? []).map((/** @type {any} */ one) => one.type);
  return types.length === 2 && types.includes("number") && types.includes("string") && !schema.oneOf.some((/** @type {any} */ one) => one.enum);
}

/**
 * @param {any} schema
 * @param {string} name
 */
function typeWord(schema, name) {
  if (SCHEMAS.has(name)) return word("type.schema");
  if (schema.format === "template") return word("type.template");
  if (schema.format === "expression") return word("type.expression");
  if (schema.type === "integer" || schema.type === "number") {
    const least = schema.minimum ?? schema.exclusiveMinimum;
    if (least !== undefined && schema.maximum !== undefined) return `${least} – ${schema.maximum}`;
    if (schema.exclusiveMinimum !== undefined) return `> ${least}`;
    return least === undefined ? "" : `≥ ${least}`;
  }
  return "";
}

/**
 * What a field is typed into.
 * @param {{ id: string, name: string, schema: any, value: any, path: Path, isInvalid?: boolean, describedBy?: string, label?: string }} props
 * @returns {any}
 */
export function Control({ id, name, schema: given, value, path, isInvalid = false, describedBy, label }) {
  const form = useForm();
  const schema = resolved(given, form.root);
  const shared = { id, "aria-invalid": isInvalid ? "true" : undefined, "aria-describedby": describedBy, "aria-label": label };
  if (schema.enum) {
    return h(
      "select",
      { ...shared, value: value === undefined ? "" : JSON.stringify(value), onChange: (/** @type {any} */ event) => form.set(path, event.target.value === "" ? undefined : JSON.parse(event.target.value)) },
      h("option", { value: "" }, schema.default === undefined ? "–" : word("field.defaults_to", word(`value.${schema.default}`, String(schema.default)))),
      unknownOption(schema.enum, value),
      schema.enum.map((/** @type {any} */ one) => h("option", { key: String(one), value: JSON.stringify(one) }, word(`value.${one}`, String(one)))),
    );
  }
  if (SCHEMAS.has(name)) return h(JsonText, { ...shared, value, onValue: (next, typing) => form.set(path, next, typing), isSchema: true });
  if (schema.type === "boolean") {
    return h("input", { ...shared, type: "checkbox", role: "switch", checked: value ?? schema.default ?? false, onChange: (/** @type {any} */ event) => form.set(path, event.target.checked === (schema.default ?? false) ? undefined : event.target.checked) });
  }
  if (schema.type === "integer" || schema.type === "number") return h(NumberText, { ...shared, schema, value, onValue: (next) => form.set(path, next, true) });
  if (isNumberOrText(schema)) {
    return h(CompletingText, { ...shared, value: value === undefined ? "" : String(value), language: "template", path: [...form.base, ...path], onText: (text) => form.set(path, numberOr(text), true) });
  }
  if (schema.type === "string") {
    const choices = form.choices?.(name, path) ?? [];
    const language = schema.format === "template" ? "template" : schema.format === "expression" ? "expression" : null;
    if (language || LONG.has(name)) {
      return h(CompletingText, { ...shared, value: String(value ?? ""), language, path: [...form.base, ...path], isLong: language !== "expression", onText: (text) => form.set(path, text === "" ? undefined : text, true) });
    }
    return h(PlainText, { ...shared, value, choices, maxLength: schema.maxLength, placeholder: schema.default ?? "", onText: (text) => form.set(path, text === "" && !isKeptEmpty(name) ? undefined : text, true) });
  }
  if (schema.oneOf) return h(OneOf, { id, name, schema, value, path });
  if (schema.type === "array") return h(Rows, { id, name, schema, value, path });
  if (schema.type === "object" && isObject(schema.properties)) return h(Nested, { name, schema, value, path });
  if (schema.type === "object") return h(Pairs, { name, schema, value, path });
  return h(AnyText, { ...shared, value, onValue: (next, typing) => form.set(path, next, typing), place: [...form.base, ...path] });
}

/** A required text stays as an empty text: the file needs the field. @param {string} name */
function isKeptEmpty(name) {
  return name === "tool" || name === "name" || name === "graph";
}

/**
 * @param {any[]} known
 * @param {any} value
 */
function unknownOption(known, value) {
  if (value === undefined || known.includes(value)) return null;
  return h("option", { value: JSON.stringify(value) }, `${JSON.stringify(value)} ?`);
}

/** @param {string} text */
function numberOr(text) {
  if (text.trim() === "") return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

/** @param {{ id: string, value: any, choices: string[], maxLength?: number, placeholder?: string, onText: (text: string) => void } & Record<string, any>} props */
function PlainText({ value, choices, onText, ...rest }) {
  const list = useId();
  return h(
    "div",
    null,
    h("input", { ...rest, type: "text", autoComplete: "off", spellCheck: false, list: choices.length ? list : undefined, value: typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value), onChange: (/** @type {any} */ event) => onText(event.target.value) }),
    choices.length ? h("datalist", { id: list }, choices.map((one) => h("option", { key: one, value: one }))) : null,
  );
}

/** @param {{ schema: any, value: any, onValue: (value: number | undefined) => void } & Record<string, any>} props */
function NumberText({ schema, value, onValue, ...rest }) {
  const [draft, setDraft] = useState(/** @type {string | null} */ (null));
  const id = useId();
  const shown = draft ?? (value === undefined ? "" : String(value));
  const wrong = shown.trim() === "" ? "" : numberFault(shown, schema);
  return h(
    "div",
    null,
    h("input", {
      ...rest,
      type: "text",
      inputMode: "decimal",
      autoComplete: "off",
      placeholder: schema.default === undefined ? "" : String(schema.default),
      value: shown,
      "aria-invalid": wrong ? "true" : rest["aria-invalid"],
      "aria-errormessage": wrong ? id : undefined,
      onChange: (/** @type {any} */ event) => {
        const text = event.target.value;
        setDraft(text);
        if (text.trim() === "") onValue(undefined);
        else if (!numberFault(text, schema)) onValue(Number(text));
      },
      onBlur: () => { if (!wrong) setDraft(null); },
      onKeyDown: (/** @type {any} */ event) => {
        if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
        event.preventDefault();
        const next = (value ?? schema.default ?? schema.minimum ?? 0) + (event.key === "ArrowUp" ? 1 : -1);
        if (!numberFault(String(next), schema)) {
          setDraft(null);
          onValue(next);
        }
      },
    }),
    wrong ? h("p", { className: "finding", id, role: "alert" }, h(Icon, { name: "error" }), wrong) : null,
  );
}

/**
 * Why a text is not a number of this schema; "" where it is one.
 * @param {string} text
 * @param {any} schema
 */
export function numberFault(text, schema) {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) return word("fault.number");
  if (schema.type === "integer" && !Number.isInteger(number)) return word("fault.integer");
  if (schema.minimum !== undefined && number < schema.minimum) return word("fault.least", String(schema.minimum));
  if (schema.exclusiveMinimum !== undefined && number <= schema.exclusiveMinimum) return word("fault.above", String(schema.exclusiveMinimum));
  if (schema.maximum !== undefined && number > schema.maximum) return word("fault.most", String(schema.maximum));
  return "";
}

/** A value written as JSON. @param {{ value: any, onValue: (value: any, typing: boolean) => void, isSchema?: boolean, isRequired?: boolean } & Record<string, any>} props */
export function JsonText({ value, onValue, isSchema = false, ...rest }) {
  const [draft, setDraft] = useState(/** @type {string | null} */ (null));
  const written = useRef(/** @type {any} */ (undefined));
  const id = useId();
  const shown = draft ?? (value === undefined ? "" : JSON.stringify(value, null, 2));
  const wrong = jsonFault(shown, isSchema);
  // What was typed stays as it was typed: were it put into form when the focus leaves, the page would move under a press.
  // Another hand (undo, another tab) has changed the value: what is shown follows, unless it cannot be read yet.
  useEffect(() => {
    if (draft !== null && !wrong && JSON.stringify(written.current) !== JSON.stringify(value)) setDraft(null);
  }, [value]);
  return h(
    "div",
    null,
    h("textarea", {
      ...rest,
      className: "code",
      spellCheck: false,
      value: shown,
      placeholder: isSchema ? '{"type": "object"}' : "",
      "aria-invalid": wrong ? "true" : rest["aria-invalid"],
      "aria-errormessage": wrong ? id : undefined,
      onChange: (/** @type {any} */ event) => {
        const text = event.target.value;
        setDraft(text);
        if (jsonFault(text, isSchema)) return;
        written.current = text.trim() === "" ? undefined : JSON.parse(text);
        onValue(written.current, true);
      },
    }),
    wrong ? h("p", { className: "finding", id, role: "alert" }, h(Icon, { name: "error" }), wrong) : null,
  );
}

/**
 * Why a text is no JSON, with its place; "" where it is.
 * @param {string} text
 * @param {boolean} isSchema
 */
export function jsonFault(text, isSchema = false) {
  if (text.trim() === "") return "";
  try {
    const value = JSON.parse(text);
    return isSchema && !isObject(value) && typeof value !== "boolean" ? word("fault.schema") : "";
  } catch (error) {
    return faultWithPlace(text, /** @type {Error} */ (error));
  }
}

/**
 * @param {string} text
 * @param {Error} error
 */
export function faultWithPlace(text, error) {
  const spot = /position (\d+)/.exec(error.message);
  const offset = spot ? Number(spot[1]) : /end of JSON/.test(error.message) ? text.length : -1;
  const reason = error.message.replace(/ in JSON at position.*| \(line.*| at position.*/s, "").replace(/^JSON\.parse: /, "");
  if (offset < 0) return word("fault.json", reason);
  const before = text.slice(0, offset).split("\n");
  return word("fault.json_at", String(before.length), String((before.at(-1)?.length ?? 0) + 1), reason);
}

/** Any JSON value: a text is typed as it is, anything else as JSON. @param {{ value: any, onValue: (value: any, typing: boolean) => void, place: Path } & Record<string, any>} props */
export function AnyText({ value, onValue, place, ...rest }) {
  const isText = value === undefined || typeof value === "string";
  const [isJson, setJson] = useState(!isText);
  useEffect(() => { if (!isText) setJson(true); }, [isText]);
  return h(
    "div",
    { className: "entry", style: { display: "grid", gridTemplateColumns: "minmax(0, 1fr) auto", gap: 4, alignItems: "start" } },
    isJson
      ? h(JsonText, { ...rest, value, onValue })
      : h(CompletingText, { ...rest, value: String(value ?? ""), language: "template", path: place, onText: (text) => onValue(text, true) }),
    h("button", { type: "button", className: "icon-only", "aria-pressed": isJson, "aria-label": word("field.as_json"), title: word("field.as_json"), onClick: () => {
      if (isJson && !isText) return;
      setJson(!isJson);
    } }, h(Icon, { name: "braces" })),
  );
}

/** A choice between shapes. @param {{ id: string, name: string, schema: any, value: any, path: Path }} props */
function OneOf({ id, name, schema, value, path }) {
  const form = useForm();
  const shapes = schema.oneOf.map((/** @type {any} */ one) => resolved(one, form.root));
  const words = shapes.find((/** @type {any} */ one) => one.enum);
  const number = shapes.find((/** @type {any} */ one) => one.type === "integer");
  if (words && number) {
    const isNumber = typeof value === "number";
    return h(
      "div",
      { style: { display: "grid", gridTemplateColumns: isNumber ? "minmax(0, 1fr) 80px" : "minmax(0, 1fr)", gap: 4 } },
      h(
        "select",
        { id, "aria-label": word(`field.${name}`, name), value: isNumber ? "#" : value === undefined ? "" : String(value), onChange: (/** @type {any} */ event) => form.set(path, event.target.value === "" ? undefined : event.target.value === "#" ? 2 : event.target.value) },
        h("option", { value: "" }, schema.default === undefined ? "–" : word("field.defaults_to", word(`value.${schema.default}`, String(schema.default)))),
        words.enum.map((/** @type {string} */ one) => h("option", { key: one, value: one }, word(`value.${one}`, one))),
        h("option", { value: "#" }, word("value.number")),
      ),
      isNumber ? h(NumberText, { id: `${id}-n`, "aria-label": word("value.number"), schema: { type: "integer", minimum: 1 }, value, onValue: (/** @type {any} */ next) => form.set(path, next ?? 1, true) }) : null,
    );
  }
  // A text or a list of texts: the model, and the next when it is used up.
  if (shapes.some((/** @type {any} */ one) => one.type === "array")) {
    const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
    const put = (/** @type {any[]} */ next) => form.set(path, next.length === 0 ? undefined : next.length === 1 ? next[0] : next, true);
    const choices = form.choices?.(name, path) ?? [];
    return h(
      "div",
      { className: "rows" },
      (list.length ? list : [""]).map((one, index) =>
        h(
          "div",
          { className: "entry", key: index },
          h(PlainText, { id: index === 0 ? id : `${id}-${index}`, "aria-label": `${word(`field.${name}`, name)} ${index + 1}`, value: one, choices, onText: (text) => put(list.length ? list.map((old, at) => (at === index ? text : old)).filter((text_, at) => text_ !== "" || at === index) : [text]) }),
          list.length > 1 ? h(RemoveRow, { name: String(one), onRemove: () => put(list.filter((_, at) => at !== index)) }) : null,
        ),
      ),
      list.length ? h("button", { type: "button", className: "more", onClick: () => put([...list, ""]) }, h(Icon, { name: "plus", size: 12 }), word(`field.${name}.add`, word("field.add"))) : null,
    );
  }
  return h(AnyText, { id, value, onValue: (next, typing) => form.set(path, next, typing), place: [...form.base, ...path] });
}

/** @param {{ name: string, onRemove: () => void }} props */
function RemoveRow({ name, onRemove }) {
  return h("button", { type: "button", className: "icon-only", "aria-label": word("row.remove", name), title: word("row.remove", name), onClick: onRemove }, h(Icon, { name: "close", size: 12 }));
}

/** A list. @param {{ id: string, name: string, schema: any, value: any, path: Path }} props */
function Rows({ id, name, schema, value, path }) {
  const form = useForm();
  const item = resolved(schema.items, form.root);
  const list = Array.isArray(value) ? value : [];
  if (value !== undefined && !Array.isArray(value)) return h(JsonText, { id, value, onValue: (next, typing) => form.set(path, next, typing) });
  const put = (/** @type {any[]} */ next, typing = false) => form.set(path, next.length === 0 && !(schema.minItems > 0) ? undefined : next, typing);
  const shapes = (item.oneOf ?? []).map((/** @type {any} */ one) => resolved(one, form.root));
  const whole = shapes.find((/** @type {any} */ one) => one.type === "object");
  const key = whole ? Object.keys(whole.properties)[0] : undefined;
  const fresh = whole || item.type === "string" ? "" : item.type === "object" ? freshOf(item) : "";
  const shown = value === undefined && Array.isArray(schema.default) ? schema.default : list;
  return h(
    "div",
    { className: "rows" },
    shown.map((/** @type {any} */ one, /** @type {number} */ index) => {
      const here = [...path, index];
      const label = `${word(`field.${name}`, name)} ${index + 1}`;
      const remove = h(RemoveRow, { name: label, onRemove: () => put(list.filter((_, at) => at !== index)) });
      if (whole && key) return h(TextOrObject, { key: index, id: index === 0 ? id : `${id}-${index}`, name, label, whole, keyName: key, value: one, path: here, remove, onValue: (next, typing) => put(shown.map((/** @type {any} */ old, /** @type {number} */ at) => (at === index ? next : old)), typing) });
      if (item.type === "object" && isObject(item.properties)) return h("div", { key: index, className: "entry" }, h(Nested, { name, schema: item, value: one, path: here }), remove);
      return h("div", { key: index, className: "entry" }, h(Control, { id: index === 0 ? id : `${id}-${index}`, name: `${name}.item`, schema: item, value: one, path: here, label }), remove);
    }),
    h("button", { type: "button", className: "more", onClick: () => put([...shown, fresh]) }, h(Icon, { name: "plus", size: 12 }), word(`field.${name}.add`, word("field.add"))),
  );
}

/** @param {any} schema */
function freshOf(schema) {
  /** @type {Record<string, any>} */
  const made = {};
  for (const name of schema.required ?? []) {
    const type = schema.properties[name]?.type;
    made[name] = type === "array" ? [] : type === "number" || type === "integer" ? (schema.properties[name].minimum ?? 60) : "";
  }
  return made;
}

/**
 * An entry that is a name or an object with that name and more: a tool with confirmation, an option with a form.
 * @param {{ id: string, name: string, label: string, whole: any, keyName: string, value: any, path: Path, remove: any, onValue: (value: any, typing: boolean) => void }} props
 */
function TextOrObject({ id, name, label, whole, keyName, value, path, remove, onValue }) {
  const form = useForm();
  const [isOpen, setOpen] = useState(false);
  const isWhole = isObject(value);
  const text = isWhole ? value[keyName] : value;
  const rest = Object.entries(whole.properties).filter(([one]) => one !== keyName);
  const set = (/** @type {string} */ one, /** @type {any} */ next, /** @type {boolean} */ typing) => {
    const { [one]: _gone, ...others } = isWhole ? value : { [keyName]: text };
    const made = next === undefined ? others : { ...(isWhole ? value : { [keyName]: text }), [one]: next };
    // With nothing but its name it is written as the name alone.
    onValue(Object.keys(made).length === 1 && keyName in made ? made[keyName] : made, typing);
  };
  return h(
    "div",
    { className: "rows" },
    h(
      "div",
      { className: "entry", style: { gridTemplateColumns: "minmax(0, 1fr) auto auto" } },
      h(PlainText, { id, "aria-label": label, value: text, choices: form.choices?.(name, path) ?? [], onText: (next) => (isWhole ? onValue({ ...value, [keyName]: next }, true) : onValue(next, true)) }),
      h("button", { type: "button", className: "icon-only", "aria-expanded": isOpen, "aria-pressed": isWhole, "aria-label": word("row.more", String(text)), title: word("row.more", String(text)), onClick: () => setOpen(!isOpen) }, h(Icon, { name: "gear" })),
      remove,
    ),
    isOpen
      ? h(
          "div",
          { className: "nested" },
          h(FormContext.Provider, { value: { ...form, set: (inner, next, typing) => (inner.length === path.length + 1 ? set(String(inner.at(-1)), next, typing ?? false) : form.set(inner, next, typing)) } },
            rest.map(([one, schema]) => h(Field, { key: one, name: one, title: titleIn(whole, one), schema, value: isWhole ? value[one] : undefined, path: [...path, one] }))),
        )
      : null,
  );
}

/**
 * An object of known fields.
 * @param {{ name: string, schema: any, value: any, path: Path }} props
 * @returns {any}
 */
export function Nested({ name, schema, value, path }) {
  const form = useForm();
  if (value === undefined) {
    return h("button", { type: "button", className: "absent", onClick: () => form.set(path, freshOf(schema)) }, h(Icon, { name: "plus", size: 12 }), word("field.set", word(`field.${name}`, name)));
  }
  if (!isObject(value)) return h(JsonText, { value, "aria-label": word(`field.${name}`, name), onValue: (next, typing) => form.set(path, next, typing) });
  const required = new Set(schema.required ?? []);
  return h("div", { className: "nested" }, Object.entries(schema.properties).map(([one, inner]) => h(Field, { key: one, name: one, title: titleIn(schema, one), schema: inner, value: value[one], path: [...path, one], isRequired: required.has(one) })));
}

/**
 * The same in a long list: its fields are made when they come near the view. The key above them is always there, so that
 * Tab and scrolling lead here all the same.
 * @param {{ name: string, schema: any, value: any, path: Path }} props
 * @returns {any}
 */
function NestedWhenSeen(props) {
  const [isSeen, setSeen] = useState(false);
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    const { current: element } = place;
    if (isSeen || !element) return;
    const watcher = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && setSeen(true), { rootMargin: NEAR_VIEW });
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [isSeen]);
  return isSeen ? h(Nested, props) : h("div", { ref: place, className: "nested unmade" });
}

/**
 * What a field of a part is called, where that is not what other fields of its name are called.
 * @param {any} owner
 * @param {string} name
 */
function titleIn(owner, name) {
  return word(`field.${owner.name}.${name}`, word(`field.${name}`, name));
}

/** An object of free keys: what is saved, arguments. @param {{ name: string, schema: any, value: any, path: Path }} props */
function Pairs({ name, schema, value, path }) {
  const form = useForm();
  const [fresh, setFresh] = useState(/** @type {string | null} */ (null));
  const pairs = isObject(value) ? Object.entries(value) : [];
  const inner = resolved(schema.additionalProperties ?? {}, form.root);
  const isPlain = isAnything(inner);
  const choices = form.choices?.(`${name}.key`, path) ?? [];
  if (value !== undefined && !isObject(value)) return h(JsonText, { value, "aria-label": word(`field.${name}`, name), onValue: (next, typing) => form.set(path, next, typing) });
  const rename = (/** @type {string} */ old, /** @type {string} */ next) => {
    if (next === old || next === "" || pairs.some(([key]) => key === next)) return;
    form.set(path, Object.fromEntries(pairs.map(([key, one]) => [key === old ? next : key, one])));
  };
  const remove = (/** @type {string} */ key) => form.set(path, pairs.length === 1 ? undefined : Object.fromEntries(pairs.filter(([one]) => one !== key)));
  const start = isPlain ? "" : freshOf(inner);
  const add = () => {
    if (fresh && !pairs.some(([key]) => key === fresh)) form.set(path, { ...(value ?? {}), [fresh]: start });
    setFresh(null);
  };
  return h(
    "div",
    { className: "rows" },
    pairs.map(([key, one]) =>
      isPlain
        ? h(
            "div",
            { className: "pair", key, "data-place": pointerOf([...form.base, ...path, key]) },
            h("div", { className: "entry" }, h(KeyText, { value: key, choices, label: word("row.key", key), onDone: (next) => rename(key, next) }), h(RemoveRow, { name: key, onRemove: () => remove(key) })),
            h(AnyText, { value: one, "aria-label": word("row.value", key), place: [...form.base, ...path, key], onValue: (next, typing) => form.set([...path, key], next ?? "", typing) }),
          )
        : h(
            "div",
            { key, className: "rows", "data-place": pointerOf([...form.base, ...path, key]) },
            h("div", { className: "entry" }, h(KeyText, { value: key, choices, label: word("row.key", key), onDone: (next) => rename(key, next) }), h(RemoveRow, { name: key, onRemove: () => remove(key) })),
            h(pairs.length > MANY_PAIRS ? NestedWhenSeen : Nested, { name, schema: inner, value: one, path: [...path, key] }),
          ),
    ),
    fresh === null
      ? h("button", { type: "button", className: "more", onClick: () => setFresh("") }, h(Icon, { name: "plus", size: 12 }), word(`field.${name}.add`, word("field.add")))
      : h(
          "div",
          { className: "entry" },
          h(KeyText, { value: "", choices, label: word("row.new_key"), isFresh: true, onDraft: setFresh, onDone: add }),
          h("button", { type: "button", className: "icon-only", "aria-label": word("row.add"), onClick: add }, h(Icon, { name: "check" })),
        ),
  );
}

/** A key, changed when the writing is done. @param {{ value: string, choices: string[], label: string, isFresh?: boolean, onDraft?: (text: string) => void, onDone: (text: string) => void }} props */
function KeyText({ value, choices, label, isFresh = false, onDraft, onDone }) {
  const [draft, setDraft] = useState(value);
  const list = useId();
  // Enter takes the field away, and then the browser says that it has lost the focus: that is no second time.
  const isDone = useRef(false);
  const finish = () => {
    if (isFresh && isDone.current) return;
    isDone.current = true;
    onDone(draft);
  };
  useEffect(() => setDraft(value), [value]);
  return h(
    "div",
    null,
    h("input", {
      type: "text", className: "code", autoComplete: "off", spellCheck: false, autoFocus: isFresh, "aria-label": label, value: draft, list: choices.length ? list : undefined,
      onChange: (/** @type {any} */ event) => { setDraft(event.target.value); onDraft?.(event.target.value); },
      onBlur: finish,
      onKeyDown: (/** @type {any} */ event) => { if (event.key === "Enter") finish(); },
    }),
    choices.length ? h("datalist", { id: list }, choices.map((one) => h("option", { key: one, value: one }))) : null,
  );
}
