// What floats above the page: placed inside the window, closed by Esc or a press elsewhere, the focus given back.
import { h, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/flow.js";
import { word } from "../words.js";
import { Icon } from "./icons.js";

/**
 * @param {object} props
 * @param {number} props.x
 * @param {number} props.y
 * @param {string} props.className
 * @param {string} props.label
 * @param {string} [props.role]
 * @param {() => void} props.onClose
 * @param {any} props.children
 */
export function Floating({ x, y, className, label, role = "dialog", onClose, children }) {
  const ref = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [place, setPlace] = useState({ left: x, top: y });
  useLayoutEffect(() => {
    const box = ref.current?.getBoundingClientRect();
    if (!box) return;
    setPlace({ left: Math.max(12, Math.min(x, innerWidth - box.width - 12)), top: Math.max(12, Math.min(y, innerHeight - box.height - 12)) });
  }, [x, y]);
  useReturn(ref);
  useEffect(() => {
    const press = (/** @type {PointerEvent} */ event) => {
      if (!ref.current?.contains(/** @type {any} */ (event.target))) onClose();
    };
    addEventListener("pointerdown", press, true);
    return () => removeEventListener("pointerdown", press, true);
  }, []);
  return h(
    "div",
    {
      ref, className: `floating ${className}`, role, "aria-label": label, style: place,
      onKeyDown: (/** @type {any} */ event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        onClose();
      },
    },
    children,
  );
}

/**
 * When this goes, the focus returns to where it came from, if it was still inside.
 * @param {{ current: HTMLElement | null }} ref
 */
export function useReturn(ref) {
  useLayoutEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    const own = ref.current;
    if (!own?.contains(before)) /** @type {HTMLElement | null} */ (own?.querySelector("input, button:not(:disabled), [tabindex='0']"))?.focus();
    // Given back while this is still there: afterwards the focus would be nowhere, and a key pressed at once with it.
    return () => {
      if (own?.contains(document.activeElement) && before?.isConnected && !own.contains(before)) before.focus();
    };
  }, []);
}

/**
 * A dialog in the middle; the browser keeps the focus inside and the page behind inert.
 * @param {{ title: string, onClose: () => void, children: any, footer?: any, width?: number, className?: string }} props
 */
export function Dialog({ title, onClose, children, footer, width, className }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  // Closed before it is taken away: only then does the browser give the focus back.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    // What is asked comes first, not the way out.
    /** @type {HTMLElement | null | undefined} */ (dialog?.querySelector(".content input, .content textarea, footer .first"))?.focus();
    return () => dialog?.close();
  }, []);
  return h(
    "dialog",
    { ref, className, "aria-label": title, style: width ? { width } : undefined, onCancel: (/** @type {any} */ event) => { event.preventDefault(); onClose(); } },
    h("header", null, h("h2", null, title), h(CloseButton, { onClose })),
    h("div", { className: "content" }, children),
    footer ? h("footer", null, footer) : null,
  );
}

/** @param {{ onClose: () => void }} props */
export function CloseButton({ onClose }) {
  return h("button", { type: "button", className: "icon-only", "aria-label": word("close"), title: word("close"), onClick: onClose }, h(Icon, { name: "close" }));
}
