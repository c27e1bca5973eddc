// The outline of each kind, as SVG path data in the node's own box. Rule: the shapes are those of the pictures
// (engine/render/forms.py and cards.py): a node looks the same on the canvas and in an exported diagram.

const CUT = 12;
const POINT = 16;
const STRIP = 3;

/**
 * @param {number} x
 * @param {number} y
 * @param {number} w
 * @param {number} h
 * @param {number} radius
 */
export function roundedBox(x, y, w, h, radius) {
  const r = Math.min(radius, w / 2, h / 2);
  if (r <= 0) return `M${x} ${y}h${w}v${h}h${-w}Z`;
  return `M${x + r} ${y}h${w - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${h - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - w}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - h}a${r} ${r} 0 0 1 ${r} ${-r}Z`;
}

/**
 * The part of a rounded box within `width` of its left edge.
 * @param {number} h
 * @param {number} radius
 */
function leftStrip(h, radius) {
  const r = Math.min(radius, h / 2);
  if (r <= 0) return `M0 0h${STRIP}v${h}h${-STRIP}Z`;
  // Where a vertical line at x = STRIP cuts the corner's circle.
  const rise = r - Math.sqrt(r * r - (r - STRIP) * (r - STRIP));
  return `M${STRIP} ${rise}A${r} ${r} 0 0 0 0 ${r}V${h - r}A${r} ${r} 0 0 0 ${STRIP} ${h - rise}Z`;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} w
 * @param {number} h
 * @param {number} cut
 */
function cutBox(x, y, w, h, cut) {
  return `M${x + cut} ${y}H${x + w - cut}L${x + w} ${y + cut}V${y + h - cut}L${x + w - cut} ${y + h}H${x + cut}L${x} ${y + h - cut}V${y + cut}Z`;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} w
 * @param {number} h
 * @param {number} point
 */
function hexagon(x, y, w, h, point) {
  return `M${x + point} ${y}H${x + w - point}L${x + w} ${y + h / 2}L${x + w - point} ${y + h}H${x + point}L${x} ${y + h / 2}Z`;
}

/**
 * The outline of a kind anywhere, for pictures in which many are one path.
 * @param {string} kind
 * @param {{ x: number, y: number, width: number, height: number }} box
 */
export function outlineAt(kind, { x, y, width: w, height: h }) {
  switch (kind) {
    case "parallel-fork":
    case "join":
      return roundedBox(x, y, w, h, 3);
    case "loop-back":
      return hexagon(x, y, w, h, POINT);
    case "human-gate":
      return cutBox(x, y, w, h, CUT);
    case "tool":
      return roundedBox(x, y, w, h, 0);
    case "wait":
    case "end":
      return roundedBox(x, y, w, h, h / 2);
    case "subgraph":
      return roundedBox(x, y, w, h, 8) + roundedBox(x + 10, y + 10, w - 20, h - 20, 4);
    default:
      return roundedBox(x, y, w, h, 8);
  }
}

/**
 * @typedef {object} Shape
 * @property {string} body
 * @property {string} strip the 3 px of ink at the left; "" where the whole shape is of ink
 * @property {string} inner a second border; "" for most
 * @property {string} halo around the body with a gap of 2 px, for the selection
 * @property {"box" | "bar" | "hexagon" | "ring"} form
 */

/**
 * @param {string} kind
 * @param {number} w
 * @param {number} h
 * @returns {Shape}
 */
export function shapeOf(kind, w, h) {
  const halo = (/** @type {number} */ radius) => roundedBox(-3, -3, w + 6, h + 6, radius);
  switch (kind) {
    case "parallel-fork":
    case "join":
      return { body: roundedBox(0, 0, w, h, 3), strip: "", inner: "", halo: halo(6), form: "bar" };
    case "loop-back": {
      const middle = h / 2;
      const strip = `M${POINT} 0L0 ${middle}L${POINT} ${h}H${POINT + STRIP}L${STRIP} ${middle}L${POINT + STRIP} 0Z`;
      return { body: hexagon(0, 0, w, h, POINT), strip, inner: "", halo: hexagon(-4, -3, w + 8, h + 6, POINT + 1), form: "hexagon" };
    }
    case "end": {
      const r = Math.min(w, h) / 2 - 1.5;
      return { body: roundedBox(1.5, 1.5, 2 * r, 2 * r, r), strip: "", inner: "", halo: halo(h / 2 + 3), form: "ring" };
    }
    case "human-gate": {
      const strip = `M${STRIP} ${CUT - STRIP}V${h - CUT + STRIP}L0 ${h - CUT}V${CUT}Z`;
      return { body: cutBox(0, 0, w, h, CUT), strip, inner: "", halo: cutBox(-3, -3, w + 6, h + 6, CUT + 2), form: "box" };
    }
    case "tool":
      return { body: roundedBox(0, 0, w, h, 0), strip: leftStrip(h, 0), inner: "", halo: halo(2), form: "box" };
    case "wait":
      return { body: roundedBox(0, 0, w, h, h / 2), strip: leftStrip(h, h / 2), inner: "", halo: halo(h / 2 + 3), form: "box" };
    case "subgraph":
      return { body: roundedBox(0, 0, w, h, 8), strip: leftStrip(h, 8), inner: roundedBox(4, 4, w - 8, h - 8, 4), halo: halo(11), form: "box" };
    default:
      return { body: roundedBox(0, 0, w, h, 8), strip: leftStrip(h, 8), inner: "", halo: halo(11), form: "box" };
  }
}
