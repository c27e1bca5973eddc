// A list to choose from by typing: what to add, where to lead a wire, any command. Rule: one combobox for all of them; what
// cannot be chosen stays in the list with its reason.
import { h, useEffect, useId, useMemo, useRef, useState } from "../../vendor/flow.js";
import { word } from "../words.js";
import { Floating } from "./floating.js";
import { Icon } from "./icons.js";

/**
 * @typedef {object} Choice
 * @property {string} key
 * @property {string} name
 * @property {string} icon
 * @property {string} [css]
 * @property {string} [side] at the right: a key, a kind
 * @property {string} [why] why it cannot be chosen, or what it does
 * @property {boolean} [isOff]
 * @property {string} [group]
 * @property {string} [also] more words by which it is found
 * @property {() => void} choose
 */

/**
 * @param {object} props
 * @param {number} props.x
 * @param {number} props.y
 * @param {string} props.label
 * @param {Choice[]} props.choices
 * @param {string} [props.placeholder]
 * @param {string} [props.className]
 * @param {() => void} props.onClose
 */
export function Picker({ x, y, label, choices, placeholder, className = "", onClose }) {
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const list = useId();
  const ref = useRef(/** @type {HTMLUListElement | null} */ (null));
  const found = useMemo(() => ranked(choices, text), [choices, text]);
  const current = Math.min(active, found.length - 1);
  useEffect(() => {
    // In braces: what newer browsers give back is no clean-up.
    ref.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [current, text]);
  const choose = (/** @type {Choice | undefined} */ choice) => {
    if (!choice) return;
    onClose();
    choice.choose();
  };
  let group = "";
  return h(
    Floating,
    { x, y, className: `picker ${className}`, label, onClose, children: [
      h("input", {
        key: "input", type: "text", role: "combobox", autoComplete: "off", spellCheck: false, "aria-label": label, placeholder: placeholder ?? label, value: text,
        "aria-expanded": true, "aria-controls": list, "aria-activedescendant": current >= 0 ? `${list}-${current}` : undefined, "aria-autocomplete": "list",
        onChange: (/** @type {any} */ event) => { setText(event.target.value); setActive(0); },
        onKeyDown: (/** @type {any} */ event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "ArrowDown") setActive((current + 1) % Math.max(1, found.length));
          else if (event.key === "ArrowUp") setActive((current - 1 + found.length) % Math.max(1, found.length));
          else if (event.key === "Enter") choose(found[current]);
          else if (event.key === "Tab") onClose();
          else return;
          event.preventDefault();
          event.stopPropagation();
        },
      }),
      found.length === 0
        ? h("p", { key: "none", className: "none", role: "status" }, word("picker.none", text))
        : h(
            "ul",
            { key: "list", id: list, role: "listbox", "aria-label": label, ref },
            found.flatMap((choice, index) => {
              const head = choice.group && choice.group !== group && text === "" ? h("li", { key: `g${choice.group}`, className: "group-word", role: "presentation" }, choice.group) : null;
              group = choice.group ?? "";
              const item = h(
                "li",
                { key: choice.key, id: `${list}-${index}`, role: "option", "data-choice": choice.key, "aria-selected": index === current, "aria-disabled": choice.isOff ? "true" : undefined, className: choice.css ?? "", onPointerMove: () => setActive(index), onClick: () => choose(choice) },
                h(Icon, { name: choice.icon }),
                h("span", { className: "ellipsis" }, choice.name),
                h("span", { className: "side-word" }, choice.side ?? ""),
                choice.why ? h("span", { className: "why" }, choice.why) : null,
              );
              return head ? [head, item] : [item];
            }),
          ),
    ] },
  );
}

/**
 * The choices that have the typed letters in their order, those first that begin with them; what is off comes last.
 * @param {Choice[]} choices
 * @param {string} text
 */
export function ranked(choices, text) {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return choices;
  const scored = choices.map((choice, place) => {
    const name = choice.name.toLowerCase();
    const all = `${name} ${choice.also ?? ""} ${choice.side ?? ""}`.toLowerCase();
    const score = name.startsWith(wanted) ? 0 : name.includes(wanted) ? 1 : all.includes(wanted) ? 2 : hasLetters(name, wanted) ? 3 : -1;
    return { choice, score: score < 0 ? score : score + (choice.isOff ? 10 : 0), place };
  });
  return scored.filter((one) => one.score >= 0).sort((a, b) => a.score - b.score || a.place - b.place).map((one) => one.choice);
}

/**
 * @param {string} name
 * @param {string} wanted
 */
function hasLetters(name, wanted) {
  let from = 0;
  for (const letter of wanted) {
    from = name.indexOf(letter, from) + 1;
    if (from === 0) return false;
  }
  return true;
}
