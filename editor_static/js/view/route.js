// Where a wire runs: level out of its port, level into its target, round corners, never behind a node if there is a way.
// Rule: pure; from two ends and the boxes between to corners and from corners to a path. O(boxes near the wire) a try, and
// the first try that crosses nothing is the last.

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */
/** @typedef {[number, number]} Point */

const GAP = 16;
const STUB = 20;
const RADIUS = 8;
const COLUMN = 256;

/** The boxes by columns of the canvas, so that a wire asks only those it could meet. */
export class Boxes {
  /** @param {Box[]} boxes */
  constructor(boxes) {
    /** @type {Map<number, Box[]>} */
    this.columns = new Map();
    for (const box of boxes) {
      for (let column = Math.floor((box.x - GAP) / COLUMN); column <= Math.floor((box.x + box.width + GAP) / COLUMN); column++) {
        const there = this.columns.get(column);
        if (there) there.push(box);
        else this.columns.set(column, [box]);
      }
    }
  }

  /**
   * The boxes that reach between two x.
   * @param {number} left
   * @param {number} right
   * @returns {Box[]}
   */
  between(left, right) {
    /** @type {Set<Box>} */
    const found = new Set();
    for (let column = Math.floor(left / COLUMN); column <= Math.floor(right / COLUMN); column++) {
      for (const box of this.columns.get(column) ?? []) if (box.x < right && box.x + box.width > left) found.add(box);
    }
    return [...found];
  }
}

/**
 * The corners of a wire that goes forward, or back if there is no other way.
 * @param {Point} from
 * @param {Point} to
 * @param {Boxes} boxes
 * @param {boolean} [isOneOfSeveral] others leave by the same port: it parts from them as soon as it can
 * @returns {Point[]}
 */
export function wireCorners(from, to, boxes, isOneOfSeveral = false) {
  const [sx, sy] = from;
  const [tx, ty] = to;
  if (sy === ty && tx > sx) {
    if (crossings([from, to], boxes.between(sx + 1, tx - 1)) === 0) return [from, to];
  }
  const near = boxes.between(Math.min(sx, tx) - 2 * STUB, Math.max(sx, tx) + 2 * STUB);
  return best(wireTries(from, to, near, isOneOfSeveral), near);
}

/**
 * The ways that a wire could take, the shortest first, and none of them before it is asked for.
 * @param {Point} from
 * @param {Point} to
 * @param {Box[]} near
 * @param {boolean} isOneOfSeveral
 * @returns {Generator<Point[]>}
 */
function* wireTries(from, to, near, isOneOfSeveral) {
  const [sx, sy] = from;
  const [tx, ty] = to;
  if (tx - sx >= 2 * GAP) {
    const middle = (sx + tx) / 2;
    // Words stand on the level part that is the wire's own, so it is the long one.
    const turns = new Set(sy === ty ? [middle] : isOneOfSeveral ? [sx + STUB, middle, tx - GAP] : [tx - GAP, middle, sx + STUB]);
    for (const box of near) turns.add(box.x - GAP).add(box.x + box.width + GAP);
    for (const x of turns) if (x >= sx + 8 && x <= tx - 12) yield [from, [x, sy], [x, ty], to];
  }
  // Over or under what lies between.
  /** @type {Set<number>} */
  const levels = new Set();
  for (const box of near) levels.add(box.y - GAP).add(box.y + box.height + GAP);
  levels.add((sy + ty) / 2);
  const detour = (/** @type {number} */ y) => Math.abs(y - sy) + Math.abs(ty - y);
  for (const y of [...levels].sort((one, other) => detour(one) - detour(other))) yield [from, [sx + STUB, sy], [sx + STUB, y], [tx - STUB, y], [tx - STUB, ty], to];
}

/**
 * The corners of a loop's way back: out of the loop-back's foot, along a lane below (or above) all that lies between, into
 * the header's foot.
 * @param {Box} from the loop-back
 * @param {Box} to the header
 * @param {Boxes} boxes
 * @returns {Point[]}
 */
export function loopCorners(from, to, boxes) {
  const sx = from.x + from.width / 2;
  const tx = to.x + Math.min(to.width / 2, 40) + (to.width > 60 ? to.width / 2 - 40 - 24 : 0);
  const near = boxes.between(Math.min(sx, tx) - GAP, Math.max(sx, tx) + GAP);
  const under = Math.max(from.y + from.height, to.y + to.height);
  const over = Math.min(from.y, to.y);
  const lows = [under + 28, ...near.map((box) => box.y + box.height + 28).filter((y) => y >= under + 24)];
  const highs = [over - 28, ...near.map((box) => box.y - 44).filter((y) => y <= over - 24)];
  const ways = [
    ...[...new Set(lows)].map((y) => ({ foot: from.y + from.height, y, end: to.y + to.height })),
    ...[...new Set(highs)].map((y) => ({ foot: from.y, y, end: to.y })),
  ];
  const height = (/** @type {{ foot: number, y: number, end: number }} */ { foot, y, end }) => Math.abs(y - foot) + Math.abs(y - end);
  ways.sort((one, other) => height(one) - height(other));
  return best(ways.map(({ foot, y, end }) => [[sx, foot], [sx, y], [tx, y], [tx, end]]), near);
}

/**
 * The try that crosses the fewest boxes, then the one with the fewest turns and the shortest.
 * @param {Iterable<Point[]>} tries the best first, crossings aside: the first that crosses nothing is the one
 * @param {Box[]} near
 */
function best(tries, near) {
  let found = /** @type {Point[]} */ ([]);
  let least = Infinity;
  for (const one of tries) {
    const count = crossings(one, near, least);
    if (count === 0) return one;
    if (count < least) {
      least = count;
      found = one;
    }
  }
  return found;
}

/**
 * How often the line runs through a box. A line may touch a box's edge: that is where it begins and ends.
 * @param {Point[]} points
 * @param {Box[]} near
 * @param {number} [most] so many are enough
 */
function crossings(points, near, most = Infinity) {
  let count = 0;
  for (let i = 1; i < points.length; i++) {
    const [ax, ay] = /** @type {Point} */ (points[i - 1]);
    const [bx, by] = /** @type {Point} */ (points[i]);
    const left = Math.min(ax, bx);
    const right = Math.max(ax, bx);
    const top = Math.min(ay, by);
    const bottom = Math.max(ay, by);
    for (const box of near) if (touches(box, left, right, top, bottom) && ++count >= most) return count;
  }
  return count;
}

/**
 * @param {Box} box
 * @param {number} left
 * @param {number} right
 * @param {number} top
 * @param {number} bottom
 */
function touches(box, left, right, top, bottom) {
  // A level or upright line inside the box, its borders left out.
  return right > box.x + 1 && left < box.x + box.width - 1 && bottom > box.y + 1 && top < box.y + box.height - 1;
}

/**
 * Lines through the corners, rounded; stops short of the tip by `short` px.
 * @param {Point[]} points
 * @param {number} short
 */
export function roundedPath(points, short = 0) {
  const all = points.map((point) => /** @type {Point} */ ([...point]));
  const last = /** @type {Point} */ (all[all.length - 1]);
  const before = /** @type {Point} */ (all[all.length - 2]);
  const whole = Math.hypot(last[0] - before[0], last[1] - before[1]) || 1;
  const share = Math.max(0, whole - short) / whole;
  all[all.length - 1] = [before[0] + (last[0] - before[0]) * share, before[1] + (last[1] - before[1]) * share];
  let path = `M${all[0]?.[0]} ${all[0]?.[1]}`;
  for (let i = 1; i < all.length - 1; i++) {
    const [px, py] = /** @type {Point} */ (all[i - 1]);
    const [cx, cy] = /** @type {Point} */ (all[i]);
    const [nx, ny] = /** @type {Point} */ (all[i + 1]);
    const into = Math.hypot(cx - px, cy - py);
    const out = Math.hypot(nx - cx, ny - cy);
    const r = Math.min(RADIUS, into / 2, out / 2);
    if (r < 0.5) {
      path += `L${cx} ${cy}`;
      continue;
    }
    path += `L${cx + ((px - cx) / into) * r} ${cy + ((py - cy) / into) * r}Q${cx} ${cy} ${cx + ((nx - cx) / out) * r} ${cy + ((ny - cy) / out) * r}`;
  }
  const end = /** @type {Point} */ (all[all.length - 1]);
  return `${path}L${end[0]} ${end[1]}`;
}

/**
 * The head of the arrow at the end of a wire.
 * @param {Point[]} points
 */
export function headPath(points) {
  const [tx, ty] = /** @type {Point} */ (points[points.length - 1]);
  const [bx, by] = /** @type {Point} */ (points.findLast((point) => point[0] !== tx || point[1] !== ty) ?? [tx - 1, ty]);
  const length = Math.hypot(tx - bx, ty - by) || 1;
  const [ux, uy] = [(tx - bx) / length, (ty - by) / length];
  const [ax, ay] = [tx - ux * 8, ty - uy * 8];
  return `M${ax - uy * 4} ${ay + ux * 4}L${tx} ${ty}L${ax + uy * 4} ${ay - ux * 4}`;
}

/**
 * Where several wires touch a bar: each as near to its wish as the bar and the others allow.
 * @param {number[]} wishes heights, in any order
 * @param {number} low
 * @param {number} high
 * @param {number} pitch
 * @returns {number[]} in the order of the wishes
 */
export function alongBar(wishes, low, high, pitch) {
  const order = wishes.map((_, place) => place).sort((a, b) => /** @type {number} */ (wishes[a]) - /** @type {number} */ (wishes[b]));
  const step = Math.min(pitch, wishes.length > 1 ? (high - low) / (wishes.length - 1) : 0);
  const placed = /** @type {number[]} */ (new Array(wishes.length));
  order.forEach((which, place) => {
    const least = low + place * step;
    const before = place === 0 ? -Infinity : /** @type {number} */ (placed[/** @type {number} */ (order[place - 1])]) + step;
    placed[which] = Math.min(Math.max(/** @type {number} */ (wishes[which]), least, before), high - (order.length - 1 - place) * step);
  });
  return placed;
}

/**
 * Where words stand: in the middle of the longest level part, and how much room they have there.
 * @param {Point[]} points
 * @param {boolean} [isOneOfSeveral] the first part is not this wire's alone
 * @returns {{ x: number, y: number, room: number }}
 */
export function wordsPlace(points, isOneOfSeveral = false) {
  let place = { x: 0, y: 0, room: -1 };
  for (let i = isOneOfSeveral && points.length > 2 ? 2 : 1; i < points.length; i++) {
    const [ax, ay] = /** @type {Point} */ (points[i - 1]);
    const [bx, by] = /** @type {Point} */ (points[i]);
    const room = Math.abs(bx - ax) - (i === points.length - 1 ? 12 : 0);
    if (ay === by && room > place.room) place = { x: (ax + bx) / 2 - (i === points.length - 1 ? 4 : 0), y: ay, room };
  }
  if (place.room < 0) {
    const [ax, ay] = /** @type {Point} */ (points[0]);
    const [bx, by] = /** @type {Point} */ (points[points.length - 1]);
    return { x: (ax + bx) / 2, y: (ay + by) / 2, room: 80 };
  }
  return place;
}
