// A picture of the server, rebuilt in the page. Rule: only what is on these lists comes through, whatever the server sent;
// colours come from classes and the page's tokens, so it follows light and dark.

const ELEMENTS = new Set(["svg", "g", "path", "text", "tspan", "title", "desc", "circle", "rect"]);
const ATTRIBUTES = new Set(["id", "class", "role", "viewBox", "width", "height", "d", "x", "y", "cx", "cy", "r", "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight", "text-anchor", "aria-label"]);
const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {Document} source
 * @returns {SVGSVGElement}
 */
export function rebuilt(source) {
  return /** @type {SVGSVGElement} */ (copy(source.documentElement));
}

/**
 * @param {Element} from
 * @returns {Element | null}
 */
function copy(from) {
  if (from.namespaceURI !== SVG || !ELEMENTS.has(from.localName)) return null;
  const element = document.createElementNS(SVG, from.localName);
  for (const { name, value } of from.attributes) if (ATTRIBUTES.has(name)) element.setAttribute(name, value);
  for (const child of from.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) element.append(child.nodeValue ?? "");
    else if (child.nodeType === Node.ELEMENT_NODE) {
      const made = copy(/** @type {Element} */ (child));
      if (made) element.append(made);
    }
  }
  return element;
}

/** What an event makes of its node, as a class of the picture. */
const STATUS_AFTER = {
  "node.started": "running",
  "node.completed": "completed",
  "node.skipped": "skipped",
  "node.cancelled": "cancelled",
  "gate.opened": "asking",
  "gate.answered": "running",
};

/**
 * The status that an event gives its node, or null.
 * @param {any} event
 */
export function statusAfter(event) {
  if (event.type === "node.failed") return event.retry_at ? "retrying" : "failed";
  return /** @type {Record<string, string>} */ (STATUS_AFTER)[event.type] ?? null;
}

/**
 * Show a node's status at once, by classes alone.
 * @param {Element} picture
 * @param {string} node
 * @param {string} status
 */
export function paint(picture, node, status) {
  const group = picture.querySelector(`#node-${CSS.escape(node.replace(/[^A-Za-z0-9_-]/g, "_"))}`);
  if (!group) return;
  for (const name of [...group.classList]) if (name.startsWith("status-")) group.classList.remove(name);
  group.classList.add(`status-${status}`);
}
