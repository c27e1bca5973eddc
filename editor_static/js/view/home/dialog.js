// A dialog: the browser's own, so that focus, Escape and what lies behind are its business.
import { h, useEffect, useId, useRef } from "../../../vendor/flow.js";
import { Icon } from "../icons.js";
import { word } from "../run/speech.js";

/** @import { ReactNode } from "../../../vendor/flow.js" */

/** @param {{title: string, onClose: () => void, children?: ReactNode}} props */
export function Dialog({ title, onClose, children }) {
  const place = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useEffect(() => {
    const dialog = place.current;
    if (!dialog) return;
    dialog.showModal();
    /** @type {HTMLElement | null} */ (dialog.querySelector("input, textarea, select"))?.focus();
    return () => dialog.close();
  }, []);
  return h(
    "dialog",
    { ref: place, className: "dialog room", "aria-labelledby": id, onCancel: (/** @type {any} */ event) => (event.preventDefault(), onClose()), onClick: (/** @type {any} */ event) => event.target === place.current && onClose() },
    h("div", { className: "dialog-body" }, h("header", { className: "dialog-head" }, h("h2", { id }, title), h("button", { type: "button", className: "icon-button", "aria-label": word("close"), onClick: onClose }, h(Icon, { name: "close" }))), children),
  );
}
