// The JSON face: the document as text, edited and put back as one edit. Rule: nothing that cannot be read is taken over, and
// it is said where and why; what was typed stays.
import { h, useEffect, useMemo, useRef, useState } from "../../vendor/flow.js";
import { value as askValue } from "../api.js";
import { replaceDocument } from "../document/edits.js";
import { written } from "./written.js";
import { word } from "../words.js";
import { isObject, useEditor } from "./context.js";
import { Finding } from "./finding.js";
import { faultWithPlace } from "./fields.js";
import { Icon } from "./icons.js";

export function Json() {
  const editor = useEditor();
  const { snapshot } = editor;
  const source = useMemo(() => written(snapshot.graph), [snapshot.graph]);
  const [draft, setDraft] = useState(/** @type {string | null} */ (null));
  const [said, setSaid] = useState(/** @type {{ text?: string, findings?: any[] }} */ ({}));
  const numbers = useRef(/** @type {HTMLDivElement | null} */ (null));
  const text = draft ?? source;
  const isChanged = draft !== null && draft !== source;
  const lines = useMemo(() => text.split("\n").length, [text]);
  useEffect(() => setSaid({}), [draft]);

  const apply = async () => {
    let value;
    try {
      value = JSON.parse(text);
    } catch (error) {
      setSaid({ text: faultWithPlace(text, /** @type {Error} */ (error)) });
      return;
    }
    if (!isObject(value)) return setSaid({ text: word("json.no_object") });
    if (value["name"] !== snapshot.graph["name"]) return setSaid({ text: word("json.name", String(snapshot.graph["name"])) });
    try {
      const { findings } = await askValue("POST", `api/graphs/${snapshot.name}/validate`, value);
      const broken = findings.filter((/** @type {any} */ one) => /^(json|graph\.format|field|kind|id|key|option|layout|schema|name|value|secret)\b/.test(one.code) && one.severity === "error");
      if (broken.length) {
        setSaid({ findings: broken.map((/** @type {any} */ one) => ({ ...one, fix: undefined, message: `${one.place ? `${lineOf(text, one.place)}${one.place}: ` : ""}${one.message}` })) });
        return;
      }
    } catch (error) {
      setSaid({ text: /** @type {Error} */ (error).message });
      return;
    }
    editor.store.do(replaceDocument(snapshot.graph, value));
    setDraft(null);
    editor.announce(word("json.applied"));
  };
  return h(
    "div",
    { className: "json" },
    h(
      "div",
      { className: "json-bar" },
      h("button", { className: "edged first", disabled: !isChanged, onClick: apply }, word("json.apply")),
      h("button", { className: "edged", disabled: !isChanged, onClick: () => setDraft(null) }, word("json.discard")),
      h("span", { className: "quiet small" }, word(isChanged ? "json.changed" : "json.same")),
    ),
    h(
      "div",
      { className: "paper" },
      h("div", { className: "numbers", "aria-hidden": true, ref: numbers }, Array.from({ length: lines }, (_, index) => index + 1).join("\n")),
      h("textarea", {
        "aria-label": word("json"), spellCheck: false, value: text, wrap: "off",
        onChange: (/** @type {any} */ event) => setDraft(event.target.value),
        onScroll: (/** @type {any} */ event) => { if (numbers.current) numbers.current.scrollTop = event.currentTarget.scrollTop; },
        onKeyDown: (/** @type {any} */ event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && isChanged) { event.preventDefault(); event.stopPropagation(); void apply(); } },
      }),
    ),
    said.text || said.findings ? h("div", { className: "said", role: "alert" }, said.text ? h("p", { className: "finding" }, h(Icon, { name: "error" }), said.text) : null, said.findings?.map((one, index) => h(Finding, { key: index, finding: one }))) : null,
  );
}

/**
 * "12: " for the line of a place, as far as the text shows it: the last key of the pointer, found after those before it.
 * @param {string} text
 * @param {string} place
 */
export function lineOf(text, place) {
  let from = 0;
  for (const part of place.slice(1).split("/")) {
    if (/^\d+$/.test(part)) continue;
    const found = text.indexOf(`"${part.replaceAll("~1", "/").replaceAll("~0", "~")}":`, from);
    if (found < 0) break;
    from = found;
  }
  return from === 0 ? "" : `${word("json.line", String(text.slice(0, from).split("\n").length))} · `;
}
