// The keys: one table from which the keyboard, the sheet of keys and the menus read.
// Rule: a key without Ctrl or Alt acts only while canvas or outline has the focus, and these can be switched off
// (WCAG 2.1.4); a text field keeps its own keys, undo among them.

/**
 * @typedef {object} Binding
 * @property {string} action
 * @property {string[]} keys as "Ctrl+Shift+z"; Ctrl stands for ⌘ too
 * @property {"draw" | "move" | "edit" | "see" | "all"} group where the sheet lists it
 * @property {boolean} [isGlobal] acts in text fields too
 * @property {any} [detail]
 */

/** @type {readonly Binding[]} */
export const KEYS = Object.freeze([
  { action: "add", keys: ["a", "+"], group: "draw" },
  { action: "connect", keys: ["c"], group: "draw" },
  { action: "loop", keys: ["l"], group: "draw" },
  { action: "gate", keys: ["g"], group: "draw" },
  { action: "note", keys: ["n"], group: "draw" },
  { action: "delete", keys: ["Delete", "Backspace"], group: "draw" },
  { action: "group", keys: ["Ctrl+g"], group: "draw" },
  { action: "ungroup", keys: ["Ctrl+Shift+g"], group: "draw" },
  { action: "tidy", keys: ["Shift+L"], group: "draw" },
  { action: "walk", keys: ["ArrowRight"], group: "move", detail: "right" },
  { action: "walk", keys: ["ArrowLeft"], group: "move", detail: "left" },
  { action: "walk", keys: ["ArrowUp"], group: "move", detail: "up" },
  { action: "walk", keys: ["ArrowDown"], group: "move", detail: "down" },
  { action: "next", keys: ["Tab"], group: "move", detail: 1 },
  { action: "next", keys: ["Shift+Tab"], group: "move", detail: -1 },
  { action: "nudge", keys: ["Alt+ArrowRight"], group: "move", detail: [8, 0] },
  { action: "nudge", keys: ["Alt+ArrowLeft"], group: "move", detail: [-8, 0] },
  { action: "nudge", keys: ["Alt+ArrowUp"], group: "move", detail: [0, -8] },
  { action: "nudge", keys: ["Alt+ArrowDown"], group: "move", detail: [0, 8] },
  { action: "nudge", keys: ["Alt+Shift+ArrowRight"], group: "move", detail: [40, 0] },
  { action: "nudge", keys: ["Alt+Shift+ArrowLeft"], group: "move", detail: [-40, 0] },
  { action: "nudge", keys: ["Alt+Shift+ArrowUp"], group: "move", detail: [0, -40] },
  { action: "nudge", keys: ["Alt+Shift+ArrowDown"], group: "move", detail: [0, 40] },
  { action: "enter", keys: ["Enter"], group: "move" },
  { action: "rename", keys: ["F2"], group: "edit" },
  { action: "back", keys: ["Escape"], group: "move", isGlobal: true },
  { action: "undo", keys: ["Ctrl+z"], group: "edit" },
  { action: "redo", keys: ["Ctrl+Shift+z", "Ctrl+y"], group: "edit" },
  { action: "copy", keys: ["Ctrl+c"], group: "edit" },
  { action: "cut", keys: ["Ctrl+x"], group: "edit" },
  { action: "paste", keys: ["Ctrl+v"], group: "edit" },
  { action: "duplicate", keys: ["Ctrl+d"], group: "edit" },
  { action: "all", keys: ["Ctrl+a"], group: "edit" },
  { action: "save", keys: ["Ctrl+s"], group: "all", isGlobal: true },
  { action: "commands", keys: ["Ctrl+k", "Ctrl+f"], group: "all", isGlobal: true },
  { action: "problem", keys: ["F8"], group: "all", isGlobal: true, detail: 1 },
  { action: "problem", keys: ["Shift+F8"], group: "all", isGlobal: true, detail: -1 },
  { action: "run", keys: ["Ctrl+Enter"], group: "all", isGlobal: true },
  { action: "export", keys: ["Ctrl+e"], group: "all" },
  { action: "keys", keys: ["?"], group: "all" },
  { action: "zoom", keys: ["0"], group: "see", detail: "whole" },
  { action: "fit", keys: ["1"], group: "see" },
  { action: "fit", keys: ["2"], group: "see", detail: "selection" },
  { action: "zoom", keys: ["="], group: "see", detail: "in" },
  { action: "zoom", keys: ["-"], group: "see", detail: "out" },
  { action: "scrub", keys: ["["], group: "see", detail: -1 },
  { action: "scrub", keys: ["]"], group: "see", detail: 1 },
]);

/** Left to the browser, which turns them into clipboard events. */
const OF_THE_BROWSER = new Set(["copy", "cut", "paste"]);

/** The place where keys can be switched off; absent: on. */
export const SWITCH = "weft-single-keys";

/**
 * What a key asks for, or null.
 * @param {KeyboardEvent} event
 * @param {boolean} areSinglesOn
 * @returns {Binding | null}
 */
export function bindingOf(event, areSinglesOn) {
  const target = /** @type {Element | null} */ (event.target);
  const isTyping = isEditable(target);
  const pressed = comboOf(event);
  const binding = KEYS.find((one) => one.keys.includes(pressed));
  if (!binding || OF_THE_BROWSER.has(binding.action)) return null;
  if (binding.isGlobal && (pressed.includes("+") || pressed.length > 1)) {
    if (pressed === "Ctrl+f" && isTyping) return null;
    return binding;
  }
  if (isTyping) return null;
  const isHere = Boolean(target?.closest("[data-keys]"));
  if (pressed.startsWith("Ctrl+")) return binding;
  const isSign = pressed.replace("Shift+", "").length === 1;
  // With the focus nowhere a named key still means the drawing; a letter never does.
  if (!isHere && (isSign || target !== document.body)) return null;
  return isSign && !areSinglesOn ? null : binding;
}

/** @param {KeyboardEvent} event */
export function comboOf(event) {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  const key = event.key;
  // A printed sign says its Shift itself ("?"); a letter does not.
  const isLetter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  if (event.shiftKey && (key.length > 1 || isLetter)) parts.push("Shift");
  parts.push(isLetter && (parts.includes("Ctrl") || !event.shiftKey) ? key.toLowerCase() : key);
  return parts.join("+");
}

/** @param {Element | null} target */
export function isEditable(target) {
  if (!target) return false;
  return Boolean(target.closest("input:not([type=checkbox]), textarea, select, [contenteditable=true]"));
}

/**
 * A key as it is printed on it.
 * @param {string} key
 */
export function printed(key) {
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  const signs = /** @type {Record<string, string>} */ ({ Ctrl: isMac ? "⌘" : "Ctrl", Alt: isMac ? "⌥" : "Alt", Shift: isMac ? "⇧" : "Shift", ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Delete: "Del" });
  if (key === "+") return "+";
  return key.split("+").map((part) => signs[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" ");
}

/**
 * The first key of an action, as it is printed; "" where it has none.
 * @param {string} action
 */
export function keyOf(action) {
  const key = KEYS.find((one) => one.action === action)?.keys[0];
  return key ? printed(key) : "";
}
