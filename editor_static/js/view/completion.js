// A text field in which `{` opens the names that may be written there, with what they held in the last run. Rule:
// completion is a help, never in the way: typing on, Esc and a click elsewhere close it, and nothing is written that was not
// chosen.
import { h, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "../../vendor/flow.js";
import { complete } from "../document/names.js";
import { brief, lookUp } from "../live/values.js";
import { word } from "../words.js";
import { useEditor } from "./context.js";
import { Preview } from "./preview.js";
import { useLastRun } from "./run/last.js";
/** @import { Path } from "../contract.js" */

/**
 * @param {{ id?: string, value: string, language: "template" | "expression" | null, path: Path, isLong?: boolean, onText: (text: string) => void } & Record<string, any>} props
 */
export function CompletingText({ value, language, path, isLong = false, onText, ...rest }) {
  const editor = useEditor();
  const ref = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const [open, setOpen] = useState(/** @type {{ from: number, to: number, items: any[] } | null} */ (null));
  const [active, setActive] = useState(0);
  const [isWritten, setWritten] = useState(false);
  const caret = useRef(/** @type {number | null} */ (null));

  useLayoutEffect(() => {
    if (caret.current !== null && ref.current) ref.current.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [value]);

  const look = (/** @type {HTMLTextAreaElement} */ field, /** @type {boolean} */ isAsked) => {
    if (!language) return;
    const text = field.value;
    const cursor = field.selectionStart;
    // In an expression names are offered once one is begun, or when they are asked for.
    if (language === "expression" && !isAsked && !/[\p{L}_.]$/u.test(text.slice(0, cursor))) return setOpen(null);
    const found = complete(editor.graph, path, { text, cursor, isExpression: language === "expression" });
    const isDone = found?.items.length === 1 && found.items[0]?.text === text.slice(found.from, cursor);
    setActive(0);
    setOpen(found && found.items.length && !isDone ? { ...found, items: found.items.slice(0, 50) } : null);
  };
  const choose = (/** @type {any} */ item) => {
    if (!open || !ref.current) return;
    const text = ref.current.value;
    const written = item.isOptional && language === "template" ? `${item.text}?` : item.text;
    const closes = language === "template" && text[open.to] !== "}" ? "}" : "";
    const next = text.slice(0, open.from) + written + closes + text.slice(open.to);
    caret.current = open.from + written.length + (language === "template" ? 1 : 0);
    setOpen(null);
    onText(next);
    ref.current.focus();
  };
  return h(
    "div",
    { style: { position: "relative" } },
    h("textarea", {
      ...rest,
      ref,
      rows: isLong ? 3 : 1,
      className: language === "expression" ? "code" : "",
      style: { minHeight: isLong ? 60 : 28 },
      spellCheck: language === null,
      value,
      role: language ? "combobox" : undefined,
      "aria-expanded": language ? open !== null : undefined,
      "aria-autocomplete": language ? "list" : undefined,
      "aria-controls": open ? `${rest["id"]}-list` : undefined,
      "aria-activedescendant": open ? `${rest["id"]}-${active}` : undefined,
      onChange: (/** @type {any} */ event) => { onText(event.target.value); look(event.target, false); },
      onFocus: () => setWritten(true),
      onBlur: () => { setOpen(null); setWritten(false); },
      onKeyDown: (/** @type {any} */ event) => {
        if (event.nativeEvent.isComposing) return;
        if (!open) {
          if (event.key === " " && event.ctrlKey) { event.preventDefault(); look(event.currentTarget, true); }
          return;
        }
        if (event.key === "ArrowDown") setActive((active + 1) % open.items.length);
        else if (event.key === "ArrowUp") setActive((active - 1 + open.items.length) % open.items.length);
        else if (event.key === "Enter" || event.key === "Tab") choose(open.items[active]);
        else if (event.key === "Escape") setOpen(null);
        else return;
        event.preventDefault();
        event.stopPropagation();
      },
    }),
    isWritten && language && value !== "" ? h(Previewed, { text: value, language, path }) : null,
    open ? h(Offered, { id: rest["id"], items: open.items, active, path, onActive: setActive, onChoose: choose }) : null,
  );
}

/** @param {{ text: string, language: "template" | "expression", path: Path }} props */
function Previewed({ text, language, path }) {
  return h(Preview, { text, language, path, names: useLastNames(path) });
}

/**
 * The names that are offered, each with its type and with what it held in the last run.
 * @param {{ id: string | undefined, items: any[], active: number, path: Path, onActive: (index: number) => void, onChoose: (item: any) => void }} props
 */
function Offered({ id, items, active, path, onActive, onChoose }) {
  const names = useLastNames(path);
  const ref = useRef(/** @type {HTMLDivElement | null} */ (null));
  // It may open below what is in view.
  useLayoutEffect(() => { ref.current?.scrollIntoView({ block: "nearest" }); }, []);
  return h(
    "div",
    { ref, className: "floating picker completion-list", style: { position: "absolute", left: 0, top: "100%", width: "100%", minWidth: 0 } },
    h(
      "ul",
      { id: `${id}-list`, role: "listbox", "aria-label": word("completion") },
      items.map((item, index) => {
        const held = names === null ? undefined : lookUp(item.text, names);
        return h(
          "li",
          { key: item.text, id: `${id}-${index}`, role: "option", "aria-selected": index === active, style: { gridTemplateColumns: "minmax(0, 1fr) auto" }, onPointerDown: (/** @type {any} */ event) => { event.preventDefault(); onChoose(item); }, onPointerMove: () => onActive(index) },
          h("span", { className: "mono ellipsis" }, item.text),
          h("span", { className: "side-word" }, item.isOptional ? `${item.type} ?` : item.type),
          held !== undefined ? h("span", { className: "why held ellipsis" }, h("span", { className: "unseen" }, `${word("completion.held")} `), brief(held)) : null,
          item.detail ? h("span", { className: "why ellipsis", style: { gridColumn: "1 / 3" } }, item.detail) : null,
        );
      }),
    ),
  );
}

/**
 * What the names of the last run held, for the field at a path; null where it is not known (yet).
 * @param {Path} path within the shown graph
 */
function useLastNames(path) {
  const { last, ui } = useEditor();
  const { store } = useLastRun(last);
  const shown = useSyncExternalStore(store ? store.subscribe : noChange, store ? store.get : nothing);
  const scope = ui.scope.filter((_, place) => place % 3 === 1).join("/");
  const node = path[0] === "nodes" && path.length > 2 ? String(path[1]) : null;
  return useMemo(() => last.names(scope, node), [last, store, shown?.n, shown?.length, scope, node]);
}

const nothing = () => null;
const noChange = () => () => undefined;
