// A run's picture from afar, as engine/render/afar.py draws it: one path for all bodies, signs or wires of a look. Rule: a
// status is told by the shape of its sign as well as by colour; what has changed is drawn anew by the batch, so that a
// flood of events costs some paths and not some thousand elements.
import { ICONS } from "../../../icons.js";
import { SVG } from "./svg.js";

/** @typedef {{ left: number, right: number, top: number, bottom: number }} Bounds */
/**
 * @typedef {object} Seen one node or one wire
 * @property {(css: string) => [string, string][]} draw class and path of each of its parts, from its look
 * @property {string} look
 */

const BATCH = 48;
/** Lower than this nothing but a thin bar or a small ring is there: its sign gets a ground of its own. */
const GROUND = 40;

/** What many are drawn of: a batch at a time. */
class Batch {
  /** @param {SVGGElement} place */
  constructor(place) {
    this.place = place;
    /** @type {Seen[]} */
    this.seen = [];
    /** @type {Map<string, SVGPathElement>} class -> its path */
    this.paths = new Map();
    /** @type {Map<string, string>} */
    this.drawn = new Map();
  }

  draw() {
    /** @type {Map<string, string[]>} */
    const now = new Map();
    for (const { draw, look } of this.seen) {
      for (const [css, path] of draw(look)) {
        const there = now.get(css);
        if (there) there.push(path);
        else now.set(css, [path]);
      }
    }
    for (const css of this.drawn.keys()) if (!now.has(css)) this.#put(css, "");
    for (const [css, paths] of now) this.#put(css, paths.join(""));
  }

  /** @param {string} css @param {string} d */
  #put(css, d) {
    if ((this.drawn.get(css) ?? "") === d) return;
    this.drawn.set(css, d);
    let path = this.paths.get(css);
    if (!path) {
      path = /** @type {SVGPathElement} */ (document.createElementNS(SVG, "path"));
      path.setAttribute("class", css);
      // Signs above their grounds, grounds above the bodies, whichever came first.
      const above = [...this.paths].find(([other]) => rankOf(other) > rankOf(css));
      this.paths.set(css, path);
      this.place.insertBefore(path, above?.[1] ?? null);
    }
    path.setAttribute("d", d);
  }
}

export class Afar {
  /** @param {SVGSVGElement} picture */
  constructor(picture) {
    const root = groupIn(picture);
    root.setAttribute("class", "afar");
    root.setAttribute("aria-hidden", "true");
    // Below what is drawn for itself: the selected node's outline.
    picture.prepend(root);
    this.wirePlace = groupIn(root);
    this.nodePlace = groupIn(root);
    /** @type {Map<string, { seen: Seen, batch: Batch }>} */
    this.all = new Map();
    /** @type {Set<Batch>} */
    this.changed = new Set();
    /** @type {{ wires: Batch | null, nodes: Batch | null }} */
    this.last = { wires: null, nodes: null };
  }

  /**
   * @param {string} id
   * @param {string} body its outline
   * @param {Bounds} bounds of it
   * @param {string} kind
   */
  addNode(id, body, bounds, kind) {
    const [x, y] = [(bounds.left + bounds.right) / 2, (bounds.top + bounds.bottom) / 2];
    const width = bounds.right - bounds.left;
    const scale = Math.min(6, Math.max(3, (bounds.bottom - bounds.top) / 11));
    const isThin = width < GROUND;
    this.#add("nodes", id, (look) => {
      const status = /** @type {string} */ (/status-(\S+)/.exec(look)?.[1]);
      const sign = ICONS[`status-${status}`];
      /** @type {[string, string][]} */
      const parts = [[isThin ? `afar-bar kind-${kind}` : `afar-body ${look}`, body]];
      if (isThin) parts.push([`afar-sign-ground ${look}`, disc(x, y, 5 * scale)]);
      if (sign?.line) parts.push([`afar-sign ${look}`, moved(sign.line, x, y, scale)]);
      if (sign?.solid) parts.push([`afar-sign-solid ${look}`, moved(sign.solid, x, y, scale)]);
      return parts;
    });
  }

  /**
   * @param {string} key
   * @param {string} line
   */
  addWire(key, line) {
    this.#add("wires", `${key} wire`, (look) => [[`afar-wire ${look}`.trim(), line]]);
  }

  /** @param {string} id @param {string} look classes that tell how it stands */
  node(id, look) {
    this.#look(id, look);
  }

  /** @param {string} key @param {string} look */
  wire(key, look) {
    this.#look(`${key} wire`, look);
  }

  /**
   * Draw a batch that has changed.
   * @returns {boolean} whether there was one
   */
  drawOne() {
    const [batch] = this.changed;
    if (!batch) return false;
    this.changed.delete(batch);
    batch.draw();
    return true;
  }

  /**
   * @param {"wires" | "nodes"} sort
   * @param {string} id
   * @param {Seen["draw"]} draw
   */
  #add(sort, id, draw) {
    let batch = this.last[sort];
    if (!batch || batch.seen.length === BATCH) batch = this.last[sort] = new Batch(groupIn(sort === "wires" ? this.wirePlace : this.nodePlace));
    const seen = { draw, look: sort === "wires" ? "" : "status-waiting" };
    batch.seen.push(seen);
    this.all.set(id, { seen, batch });
    this.changed.add(batch);
  }

  /** @param {string} id @param {string} look */
  #look(id, look) {
    const known = this.all.get(id);
    if (!known || known.seen.look === look) return;
    known.seen.look = look;
    this.changed.add(known.batch);
  }
}

/** @param {string} css */
function rankOf(css) {
  return css.startsWith("afar-sign-ground") ? 1 : css.startsWith("afar-sign") ? 2 : 0;
}

/** @param {Element} place */
function groupIn(place) {
  const group = /** @type {SVGGElement} */ (document.createElementNS(SVG, "g"));
  place.append(group);
  return group;
}

/**
 * A path of absolute commands, as the icons are, enlarged about the middle of its 16 px and moved.
 * @param {string} path
 * @param {number} x of its middle
 * @param {number} y
 * @param {number} scale
 */
function moved(path, x, y, scale) {
  let isX = false;
  return path.replace(/-?\d+(?:\.\d+)?/g, (text) => {
    isX = !isX;
    return String(Math.round((isX ? x : y) + (Number(text) - 8) * scale));
  });
}

/** @param {number} x @param {number} y @param {number} r */
function disc(x, y, r) {
  return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
}
