// What a JSON Schema means for a form: which field it is, what it begins with, where a problem belongs. Rule: pure; what
// a schema says that no field can show is typed as JSON, so there is no schema without a form. The server checks again.

/** @import { Json, JsonObject } from "../../contract.js" */

/** @typedef {"text" | "long" | "number" | "integer" | "boolean" | "choice" | "list" | "object" | "json"} FieldKind */

/**
 * A field's schema with its reference followed and `null` taken out of a choice of types.
 * @typedef {object} Field
 * @property {any} schema
 * @property {FieldKind} kind
 * @property {boolean} isNullable
 */

const LONG_FROM = 200;
const DEEPEST = 6;

/**
 * @param {any} schema
 * @param {any} root where `#/$defs/…` leads
 * @param {{depth?: number, value?: Json | undefined}} [at]
 * @returns {Field}
 */
export function fieldOf(schema, root, { depth = 0, value } = {}) {
  const { schema: own, isNullable } = plain(followed(schema, root), root);
  return { schema: own, kind: depth > DEEPEST ? "json" : kindOf(own, value), isNullable };
}

/**
 * @param {any} schema
 * @param {any} root
 * @returns {any}
 */
function followed(schema, root) {
  let at = schema;
  for (let hops = 0; hops < 16 && typeof at?.$ref === "string"; hops++) {
    if (!at.$ref.startsWith("#/")) return {};
    const place = at.$ref.slice(2).split("/").map((/** @type {string} */ part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
    const { $ref: _, ...beside } = at;
    const target = place.reduce((/** @type {any} */ one, /** @type {string} */ part) => one?.[part], root) ?? {};
    at = { ...target, ...beside };
  }
  return at === true || at === undefined || at === null ? {} : at;
}

/**
 * `["string", "null"]` and `anyOf: [X, {type: "null"}]` are X that may be left empty.
 * @param {any} schema
 * @param {any} root
 */
function plain(schema, root) {
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((/** @type {string} */ type) => type !== "null");
    const isNullable = types.length < schema.type.length;
    return { schema: types.length === 1 ? { ...schema, type: types[0] } : { ...schema, type: undefined, isMixed: true }, isNullable };
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) {
    const real = choices.filter((one) => one?.type !== "null");
    const { anyOf: _, oneOf: __, ...beside } = schema;
    if (real.length === 1) return { schema: { ...followed(real[0], root), ...beside }, isNullable: real.length < choices.length };
    const consts = real.map((one) => one?.const);
    if (consts.length && consts.every((one) => one !== undefined)) return { schema: { ...beside, enum: consts, titles: real.map((one) => one.title) }, isNullable: real.length < choices.length };
    return { schema: { ...beside, isMixed: true }, isNullable: real.length < choices.length };
  }
  return { schema, isNullable: false };
}

/**
 * @param {any} schema
 * @param {Json | undefined} value
 * @returns {FieldKind}
 */
function kindOf(schema, value) {
  if (schema === false || schema.isMixed) return "json";
  if (schema.const !== undefined) return "choice";
  if (Array.isArray(schema.enum)) return "choice";
  switch (schema.type) {
    case "boolean":
      return "boolean";
    case "integer":
    case "number":
      return schema.type;
    case "string":
      return isLong(schema, value) ? "long" : "text";
    case "array":
      return "list";
    case "object":
      return Object.keys(schema.properties ?? {}).length ? "object" : "json";
    case undefined:
      return schema.properties ? "object" : Object.keys(schema).some((key) => !["title", "description", "default", "examples"].includes(key)) ? "json" : "text";
    default:
      return "json";
  }
}

/**
 * @param {any} schema
 * @param {Json | undefined} value
 */
function isLong(schema, value) {
  if (schema.format === "textarea" || schema.contentMediaType) return true;
  if (schema.maxLength !== undefined) return schema.maxLength > LONG_FROM;
  const text = typeof value === "string" ? value : typeof schema.default === "string" ? schema.default : "";
  return text.length > 60 || text.includes("\n");
}

/**
 * What a form begins with: what is known, else the schema's defaults; nothing is made up for the rest.
 * @param {any} schema
 * @param {Json | undefined} known
 * @param {any} [root]
 * @param {number} [depth]
 * @returns {Json | undefined}
 */
export function startOf(schema, known, root = schema, depth = 0) {
  const field = fieldOf(schema, root, { depth });
  if (field.kind === "object") {
    const given = typeof known === "object" && known !== null && !Array.isArray(known) ? known : typeof field.schema.default === "object" && field.schema.default !== null ? field.schema.default : {};
    /** @type {JsonObject} */
    const made = { ...given };
    for (const [name, inner] of Object.entries(field.schema.properties ?? {})) {
      const value = startOf(inner, given[name], root, depth + 1);
      // An optional part of which nothing is known stays away.
      if (value !== undefined && !(isEmptyObject(value) && given[name] === undefined && depth >= 0 && !(field.schema.required ?? []).includes(name))) made[name] = value;
    }
    return made;
  }
  if (known !== undefined) return known;
  if (field.schema.default !== undefined) return field.schema.default;
  if (field.schema.const !== undefined) return field.schema.const;
  if (field.kind === "boolean") return undefined;
  return undefined;
}

/** @param {Json} value */
function isEmptyObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !Object.keys(value).length;
}

/**
 * A problem with the place that it belongs to, "" for the whole.
 * @typedef {{place: string, message: string}} Placed
 */

const QUOTED = /^"((?:[^"\\]|\\.)*)" is missing$/;

/**
 * What the server says of a value that does not fit, by place (JSON Pointer): `/amount: -1 is less than …; "x" is missing`.
 * @param {string} detail
 * @returns {Placed[]}
 */
export function placed(detail) {
  return detail.split(/; (?=\/|")/).map((sentence) => {
    const match = /^((?:\/[^:\s]*)+): ([\s\S]*)$/.exec(sentence);
    const place = match?.[1] ?? "";
    const message = match?.[2] ?? sentence;
    const missing = QUOTED.exec(message);
    return missing ? { place: `${place}/${missing[1]}`, message } : { place, message };
  });
}

/**
 * What is missing before anything is sent: required fields that are empty.
 * @param {any} schema
 * @param {Json | undefined} value
 * @param {string} message
 * @param {any} [root]
 * @param {string} [place]
 * @param {number} [depth]
 * @returns {Placed[]}
 */
export function missingOf(schema, value, message, root = schema, place = "", depth = 0) {
  const field = fieldOf(schema, root, { depth });
  if (field.kind === "list" && Array.isArray(value)) return value.flatMap((one, at) => missingOf(field.schema.items ?? {}, one, message, root, `${place}/${at}`, depth + 1));
  if (field.kind !== "object" || typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const required = new Set(field.schema.required ?? []);
  return Object.entries(field.schema.properties ?? {}).flatMap(([name, inner]) => {
    const at = `${place}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`;
    if (value[name] === undefined) return required.has(name) ? [{ place: at, message }] : [];
    return missingOf(inner, value[name], message, root, at, depth + 1);
  });
}
