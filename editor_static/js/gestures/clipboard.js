// Copy, cut and paste by the browser's own events, across tabs. Rule: a text field keeps its own clipboard; what is copied
// is plain JSON, what is pasted is looked at and never run.
import { isEditable } from "./keys.js";

/**
 * @typedef {object} Clipboard
 * @property {() => string} copied what is selected, as text; "" for nothing
 * @property {() => void} onCopied
 * @property {() => void} onCut
 * @property {(text: string) => void} onPaste
 * @property {(text: string, x: number, y: number) => void} onFile
 */

/**
 * Listen until the returned function is called.
 * @param {() => Clipboard} now
 * @returns {() => void}
 */
export function listenToClipboard(now) {
  const isOurs = (/** @type {Event} */ event) => {
    const target = /** @type {Element | null} */ (event.target);
    return !isEditable(target) && !document.querySelector("dialog[open]") && String(getSelection()) === "";
  };
  const copy = (/** @type {ClipboardEvent} */ event) => {
    const text = isOurs(event) ? now().copied() : "";
    if (text === "") return;
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    if (event.type === "cut") now().onCut();
    else now().onCopied();
  };
  const paste = (/** @type {ClipboardEvent} */ event) => {
    if (!isOurs(event)) return;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (text.trim() === "") return;
    event.preventDefault();
    now().onPaste(text);
  };
  const over = (/** @type {DragEvent} */ event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  };
  const drop = async (/** @type {DragEvent} */ event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    const { clientX, clientY } = event;
    now().onFile(await file.text(), clientX, clientY);
  };
  document.addEventListener("copy", copy);
  document.addEventListener("cut", copy);
  document.addEventListener("paste", paste);
  document.addEventListener("dragover", over);
  document.addEventListener("drop", drop);
  return () => {
    document.removeEventListener("copy", copy);
    document.removeEventListener("cut", copy);
    document.removeEventListener("paste", paste);
    document.removeEventListener("dragover", over);
    document.removeEventListener("drop", drop);
  };
}
