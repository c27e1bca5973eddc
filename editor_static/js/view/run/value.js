// A JSON value to read: text as text, the rest as JSON; long ones are folded. Rule: what a model or a tool gave is text and
// nothing else; it can be copied whole.
import { h, useState } from "../../../vendor/flow.js";
import { Icon } from "../icons.js";
import { number, word } from "./speech.js";

/** @import { Json } from "../../contract.js" */

const FOLD_FROM = 1200;
/** From here on it is higher than its room, so the keyboard must reach it to scroll. */
const SCROLLS_FROM = { characters: 500, lines: 14 };

/**
 * @param {object} props
 * @param {Json} props.value
 * @param {string} props.label for a screen reader, and for the button that copies
 */
export function Value({ value, label }) {
  const isText = typeof value === "string";
  const text = isText ? value : JSON.stringify(value, null, 2);
  const [isOpen, setIsOpen] = useState(false);
  const [isCopied, setIsCopied] = useState(false);
  const isLong = text.length > FOLD_FROM;
  const scrolls = text.length > SCROLLS_FROM.characters || text.split("\n").length > SCROLLS_FROM.lines;
  const copy = () => {
    void navigator.clipboard?.writeText(text).then(() => setIsCopied(true), () => undefined);
    setTimeout(() => setIsCopied(false), 1500);
  };
  return h(
    "div",
    { className: "value" },
    h("pre", { className: isText ? "code is-text" : "code", tabIndex: scrolls ? 0 : undefined, role: scrolls ? "region" : undefined, "aria-label": scrolls ? label : undefined }, isLong && !isOpen ? `${text.slice(0, FOLD_FROM)}…` : text),
    h(
      "div",
      { className: "value-acts" },
      isLong ? h("button", { type: "button", className: "link-button", onClick: () => setIsOpen(!isOpen) }, isOpen ? word("value.less") : word("value.more", number(text.length))) : null,
      h("button", { type: "button", className: "icon-button is-small", "aria-label": word("value.copy", label), title: word("value.copy", label), onClick: copy }, h(Icon, { name: isCopied ? "check" : "copy", size: 14 })),
    ),
  );
}

/** @param {{error: {class?: string, code?: string, message?: string, hint?: string | null, node?: string} | null, where?: string}} props */
export function Failed({ error, where }) {
  if (!error) return null;
  return h(
    "div",
    { className: "banner is-failed", role: "group", "aria-label": word("failed") },
    h("strong", null, error.message),
    h("span", { className: "quiet small" }, [where ?? error.node, error.class, error.code].filter(Boolean).join(" · ")),
    error.hint ? h("span", null, error.hint) : null,
  );
}
