// A picture of the server, rebuilt in the page. Rule: only what is on these lists comes through, whatever was sent; colours
// come from classes and the page's tokens, so that it follows light and dark. The policy of the pages forbids the rest.
import { Problem, ROOT } from "../../api.js";

const ELEMENTS = new Set(["svg", "g", "path", "text", "tspan", "title", "desc", "circle", "rect"]);
const ATTRIBUTES = new Set(["id", "class", "role", "viewBox", "width", "height", "d", "x", "y", "cx", "cy", "r", "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight", "text-anchor", "aria-label"]);
export const SVG = "http://www.w3.org/2000/svg";

/**
 * An SVG of the server as a document of its own, without a style sheet: the page has the same rules.
 * @param {string} path
 * @returns {Promise<Document>}
 */
export function loadPicture(path) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", `${ROOT}${path}${path.includes("?") ? "&" : "?"}style=none`);
    request.responseType = "document";
    request.onload = () => (request.status === 200 && request.responseXML ? resolve(request.responseXML) : reject(new Problem({ status: request.status, detail: `${path}: ${request.status}` })));
    request.onerror = () => reject(new Problem({}));
    request.send();
  });
}

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

/**
 * Take title, caption and key away and crop to the nodes and wires. It must stand in the page: it is measured.
 * @param {SVGSVGElement} picture
 * @param {number} margin px
 * @param {{width: number, height: number}} [least] a small graph is not blown up beyond this
 * @returns {{width: number, height: number}} px at full size
 */
export function cropped(picture, margin, least = { width: 0, height: 0 }) {
  for (const part of picture.querySelectorAll(":scope > .canvas, :scope > .title, :scope > .caption, :scope > .legend")) part.remove();
  const box = picture.getBBox();
  const width = Math.max(box.width + 2 * margin, least.width);
  const height = Math.max(box.height + 2 * margin, least.height);
  picture.setAttribute("viewBox", `${box.x + box.width / 2 - width / 2} ${box.y + box.height / 2 - height / 2} ${width} ${height}`);
  picture.removeAttribute("width");
  picture.removeAttribute("height");
  return { width, height };
}
