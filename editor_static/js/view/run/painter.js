// A run painted over its picture. Rule: the picture is laid out once; from then on only classes, badges and a few words
// change, only of nodes whose view is another object than before, and never for longer than a part of a frame: how a node
// stands comes first, its words after that. What is written fits the room that the server's drawing left; where it might
// not, it is shortened, and stands whole in the node's name for screen readers and on hover.
import { ICONS } from "../../../icons.js";
import { Afar } from "./afar.js";
import { SVG } from "./svg.js";
import { money, moment, number, span, word } from "./speech.js";

import { decided } from "../../live/edges.js";
import { isInside } from "../../live/names.js";
import { shownStatus } from "../../live/overview.js";

/** @import { EdgeState, NodeView } from "../../live/types.js" */
/** @import { Overview } from "../../live/overview.js" */
/** @import { Plan } from "../../live/plan.js" */

/** More wires than these in motion are not animated. */
const MOST_FLOWS = 50;
const CHARACTER_PX = 6.3;
/** Of a frame's 16 ms as much as leaves the browser its own part. */
const SLICE_MS = 10;
/** So few nodes are painted at once: what is seen of them is then always whole. */
const FEW = 64;

/**
 * @typedef {object} Card
 * @property {string} id
 * @property {string} kind
 * @property {SVGGElement} group
 * @property {string} css its classes that no run changes
 * @property {string} status the classes that tell how it stands
 * @property {boolean} isSelected
 * @property {SVGTitleElement | null} title
 * @property {SVGGElement} badge disc, icon and words, moved as one where it stands in the middle
 * @property {SVGTextElement} words
 * @property {SVGPathElement} icon
 * @property {SVGTextElement | null} numbers
 * @property {SVGTextElement | null} count
 * @property {string} mark what stood in the count before anything ran
 * @property {number} room px for words and numbers together
 * @property {boolean} isCentred
 * @property {number} width px of the words as they were drawn
 * @property {NodeView | null | undefined} view what was painted last; undefined: nothing, null: a node that nothing happened to
 * @property {string} painted its words
 */
/**
 * @typedef {object} WireCard
 * @property {import("../../live/plan.js").PlanEdge} edge
 * @property {string} key
 * @property {string} target path of the node that it leads to
 * @property {NodeView | undefined} seen that node's view as it was last
 * @property {EdgeState} state
 * @property {boolean} isFlowing
 * @property {{ part: Element, css: string }[]} parts
 */
/** @typedef {{ path: string, kind: string, view: NodeView | undefined, wires: WireCard[] }} Source */
/** @typedef {{ overview: Overview, plan: Plan, inside: string, now: number }} Moment */

export class Painter {
  /** @param {SVGSVGElement} picture rebuilt from the server's live drawing, standing in the page */
  constructor(picture) {
    this.picture = picture;
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    for (const group of picture.querySelectorAll(":scope > g.node")) {
      const card = cardOf(/** @type {SVGGElement} */ (group));
      if (card) this.cards.set(card.id, card);
    }
    this.afar = new Afar(picture);
    for (const card of this.cards.values()) this.#addAfar(card);
    for (const line of picture.querySelectorAll(":scope > g.edge[id] > .line")) this.afar.addWire(/** @type {Element} */ (line.parentElement).id.slice(5), line.getAttribute("d") ?? "");
    /** @type {Source[] | null} */
    this.sources = null;
    this.flows = 0;
    this.isFar = false;
    /** @type {Moment | null} */
    this.moment = null;
    /** What is still to be painted of it. @type {Set<Card>} */
    this.standing = new Set();
    /** @type {Set<Card>} */
    this.wording = new Set();
    this.frame = 0;
    /** What the wires were told last of what is not of nodes. */
    this.lately = "";
    // Its parts can be reached and opened, so it is no image.
    picture.setAttribute("role", "group");
    for (const part of picture.querySelectorAll(":scope > title, :scope > desc")) part.remove();
  }

  /** @param {Card} card */
  #addAfar({ id, kind, group }) {
    const body = group.querySelector(":scope > :is(.body, .bar)") ?? group.querySelector(":scope > .shape");
    if (!body) return;
    body.classList.add("hold");
    this.afar.addNode(id, body.getAttribute("d") ?? "", boxOf(body), kind);
  }

  /**
   * @param {Overview} overview
   * @param {Plan} plan
   * @param {string} inside path of the sub-flow node whose graph is shown
   * @param {number} now ms since 1970, for what goes on
   */
  paint(overview, plan, inside, now) {
    const isFirst = this.moment === null;
    this.moment = { overview, plan, inside, now };
    for (const card of this.cards.values()) {
      const known = overview.nodes.get(inside ? `${inside}/${card.id}` : card.id) ?? null;
      if (card.view !== known) this.standing.add(card);
      else if (!isStill(card, known)) this.wording.add(card);
    }
    this.#paintWires(this.moment);
    this.#work(isFirst || this.standing.size + this.wording.size <= FEW ? Infinity : performance.now() + SLICE_MS);
  }

  /** Whether words could be read. @param {boolean} isFar */
  look(isFar) {
    this.isFar = isFar;
    if (isFar) this.#work(Infinity);
  }

  /** The picture is another one now. */
  stop() {
    cancelAnimationFrame(this.frame);
  }

  /**
   * Go on with what is to be painted, and with the rest in the next frame.
   * @param {number} until by performance.now()
   */
  #work(until) {
    cancelAnimationFrame(this.frame);
    while (this.#paintOne()) {
      if (performance.now() < until) continue;
      this.frame = requestAnimationFrame(() => this.#work(performance.now() + SLICE_MS));
      return;
    }
  }

  /** @returns {boolean} whether there was something to paint */
  #paintOne() {
    const { moment } = this;
    if (!moment) return false;
    const [standing] = this.standing;
    if (standing) {
      this.standing.delete(standing);
      this.wording.add(standing);
      paintStanding(standing, moment, this.afar);
      return true;
    }
    if (this.isFar && this.afar.drawOne()) return true;
    const [wording] = this.wording;
    if (!wording) return false;
    this.wording.delete(wording);
    paintWords(wording, moment);
    return true;
  }

  /** @param {Moment} moment */
  #paintWires({ overview, plan, inside }) {
    this.sources ??= sourcesIn(this.picture, plan, inside);
    // A sub-flow in which somebody is asked is asking, and at the end nothing flows: then more than the ends' views count.
    const lately = `${overview.outcome} ${overview.gates.size}`;
    const isAll = overview.gates.size > 0 || lately !== this.lately;
    this.lately = lately;
    for (const source of this.sources) {
      const view = overview.nodes.get(source.path);
      const isNew = view !== source.view;
      if (isNew) {
        source.view = view;
        const states = new Map(view ? decided(source.kind, view, source.wires.map(({ edge }) => edge)) : []);
        for (const wire of source.wires) this.#stand(wire, overview, states.get(wire.edge) ?? "open");
      } else for (const wire of source.wires) if (isAll || overview.nodes.get(wire.target) !== wire.seen) this.#stand(wire, overview, wire.state);
    }
    this.picture.classList.toggle("is-busy", this.flows > MOST_FLOWS);
  }

  /**
   * @param {WireCard} wire
   * @param {Overview} overview
   * @param {EdgeState} state
   */
  #stand(wire, overview, state) {
    const target = overview.nodes.get(wire.target);
    wire.seen = target;
    const isFlowing = state === "taken" && target !== undefined && !target.isPast && (shownStatus(overview, target) === "running" || target.status === "retrying") && overview.outcome === null;
    if (state === wire.state && isFlowing === wire.isFlowing) return;
    this.flows += Number(isFlowing) - Number(wire.isFlowing);
    Object.assign(wire, { state, isFlowing });
    const look = `${state === "open" ? "" : ` state-${state}`}${isFlowing ? " flows" : ""}`;
    for (const { part, css } of wire.parts) part.setAttribute("class", css + look);
    this.afar.wire(wire.key, (wire.edge.port === "repeat" ? "repeat" : "") + look);
  }

  /**
   * @param {string | null} id the node that is looked at
   */
  select(id) {
    for (const card of this.cards.values()) {
      if (card.isSelected === (card.id === id)) continue;
      card.isSelected = card.id === id;
      dress(card);
    }
  }
}

/**
 * @param {SVGSVGElement} picture
 * @param {Plan} plan
 * @param {string} inside
 * @returns {Source[]}
 */
function sourcesIn(picture, plan, inside) {
  const scope = plan.scope(inside);
  /** @type {Map<string, Element>} */
  const drawn = new Map();
  for (const group of picture.querySelectorAll(":scope > g.edge, :scope > g.edge-words")) if (group.id) drawn.set(group.id.slice(5), group);
  /** @type {Map<string, Source>} */
  const sources = new Map();
  const pathIn = (/** @type {string} */ id) => (inside ? `${inside}/${id}` : id);
  for (const edge of scope?.edges ?? []) {
    const key = `${edge.source}-${edge.index}`;
    const parts = [drawn.get(key), drawn.get(`${key}-words`)].flatMap((part) => (part ? [{ part, css: part.getAttribute("class") ?? "" }] : []));
    /** @type {Source} */
    const source = sources.get(edge.source) ?? { path: pathIn(edge.source), kind: scope?.nodes.get(edge.source)?.kind ?? "", view: undefined, wires: [] };
    source.wires.push({ edge, key, target: pathIn(edge.target), seen: undefined, state: "open", isFlowing: false, parts });
    sources.set(edge.source, source);
  }
  return [...sources.values()];
}

/**
 * @param {SVGGElement} group
 * @returns {Card | null} null: it has no badge
 */
function cardOf(group) {
  const disc = group.querySelector(":scope > .badge");
  const words = /** @type {SVGTextElement | null} */ (group.querySelector(":scope > .status-word"));
  if (!disc || !words) return null;
  const kind = [...group.classList].find((name) => name.startsWith("kind-"))?.slice(5) ?? "";
  const badge = /** @type {SVGGElement} */ (document.createElementNS(SVG, "g"));
  badge.setAttribute("class", "badge-line");
  const icon = /** @type {SVGPathElement} */ (document.createElementNS(SVG, "path"));
  icon.setAttribute("class", "icon s-status-ink");
  icon.setAttribute("stroke-width", "1.5");
  const round = boxOf(disc);
  icon.setAttribute("transform", `translate(${(round.left + round.right) / 2 - 8} ${(round.top + round.bottom) / 2 - 8})`);
  const solid = /** @type {SVGPathElement} */ (icon.cloneNode());
  solid.setAttribute("class", "icon-solid f-status-ink");
  for (const drawn of group.querySelectorAll(":scope > .icon.s-status-ink, :scope > .icon.f-status-ink")) drawn.remove();
  group.insertBefore(badge, words);
  badge.append(disc, icon, solid, words);
  const body = group.querySelector(":scope > .body");
  const isBox = body !== null && kind !== "loop-back";
  const box = isBox ? boxOf(body) : null;
  const inset = kind === "wait" || kind === "subgraph" ? 8 : 0;
  const right = box ? box.right - 14 - inset : 0;
  const left = Number(words.getAttribute("x"));
  group.setAttribute("role", "button");
  group.setAttribute("tabindex", "-1");
  const css = [...group.classList].filter((name) => !name.startsWith("status-")).join(" ");
  return {
    id: group.id.slice(5), kind, group, css, status: "status-waiting", isSelected: false, badge, words, icon,
    title: group.querySelector(":scope > title"),
    numbers: box ? numbersOf(group, right, words.getAttribute("y") ?? "0") : null,
    count: group.querySelector(":scope > .count"),
    mark: group.querySelector(":scope > .count")?.textContent ?? "",
    room: box ? right - left : 96,
    isCentred: !isBox && kind !== "loop-back",
    width: words.textContent ? widthOf(words.textContent) : 0,
    view: undefined,
    painted: "",
  };
}

/**
 * @param {SVGGElement} group
 * @param {number} right
 * @param {string} y
 */
function numbersOf(group, right, y) {
  const text = /** @type {SVGTextElement} */ (document.createElementNS(SVG, "text"));
  for (const [name, value] of Object.entries({ class: "numbers f-muted", x: String(right), y, "font-size": "12", "text-anchor": "end" })) text.setAttribute(name, value);
  group.append(text);
  return text;
}

/**
 * The box of a path's points, read from its text: to measure a thousand of them would lay the page out a thousand times.
 * @param {Element} path with absolute M, L, C and Z, as the server writes them
 */
function boxOf(path) {
  const numbers = (path.getAttribute("d") ?? "").match(/-?[\d.]+/g) ?? [];
  const xs = numbers.filter((_, place) => place % 2 === 0).map(Number);
  const ys = numbers.filter((_, place) => place % 2 === 1).map(Number);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

/**
 * How a node stands: what is seen first, and all that is seen from afar.
 * @param {Card} card
 * @param {Moment} moment
 * @param {Afar} afar
 */
function paintStanding(card, { overview, inside }, afar) {
  const path = inside ? `${inside}/${card.id}` : card.id;
  card.view = overview.nodes.get(path) ?? null;
  const view = overview.view(path);
  const status = `status-${shownStatus(overview, view)}${view.isPast ? " is-past" : ""}`;
  if (card.status === status) return;
  card.status = status;
  afar.node(card.id, status);
  dress(card);
}

/** All classes at once: each change of a list of classes is one for the browser. @param {Card} card */
function dress({ group, css, status, isSelected }) {
  group.setAttribute("class", `${css} ${status}${isSelected ? " is-selected" : ""}`);
}

/**
 * @param {Card} card
 * @param {Moment} moment
 */
function paintWords(card, { overview, plan, inside, now }) {
  const path = inside ? `${inside}/${card.id}` : card.id;
  const view = overview.view(path);
  const numbers = numberWords(view, plan, overview, now);
  const words = statusWords(view, overview, now);
  const name = nameOf(plan, path, card.kind, words, numbers, view);
  const status = shownStatus(overview, view);
  const key = `${status}|${view.isPast}|${name}`;
  if (card.painted === key) return;
  card.painted = key;
  const drawing = ICONS[`status-${status}`];
  card.icon.setAttribute("d", drawing?.line ?? "");
  /** @type {Element} */ (card.icon.nextElementSibling).setAttribute("d", drawing?.solid ?? "");
  const count = iterationWords(card, view, plan, overview, path);
  if (card.count) card.count.textContent = count || card.mark;
  const beside = [...numbers, card.count || !count ? "" : count].filter(Boolean);
  while (beside.length && widthOf(words) + widthOf(beside.join(" · ")) + 10 > card.room) beside.pop();
  if (card.numbers) card.numbers.textContent = beside.join(" · ");
  const room = card.room - (beside.length ? widthOf(beside.join(" · ")) + 10 : 0);
  card.words.textContent = widthOf(words) > room ? shortened(word(`status.${status}`), room) : words;
  if (card.isCentred) card.badge.setAttribute("transform", `translate(${((card.width - widthOf(card.words.textContent)) / 2).toFixed(1)} 0)`);
  card.group.setAttribute("aria-label", name);
  if (card.title) card.title.textContent = name;
}

/** Kinds whose words tell of other nodes. */
const TELLS_OF_OTHERS = new Set(["join", "loop-back"]);
const IN_TIME = new Set(["running", "retrying", "asking"]);

/**
 * Whether what is said of a node depends on its view alone: not on the time, and not on others.
 * @param {Card} card
 * @param {NodeView | null} view
 */
function isStill(card, view) {
  return !TELLS_OF_OTHERS.has(card.kind) && !(view && IN_TIME.has(view.status));
}

/**
 * The badge's words: "done", "retrying 2/5, next in 8 s", "failed: transient", "asking since 12:03".
 * @param {NodeView} view
 * @param {Overview} overview
 * @param {number} now
 */
export function statusWords(view, overview, now) {
  const status = shownStatus(overview, view);
  const plain = word(`status.${status}`);
  if (view.status === "retrying") return word("status.retryingAt", view.attempt, view.retryAt === null ? "" : span(Math.max(0, view.retryAt - now)));
  if (view.status === "failed" && view.error) return `${plain}: ${view.error.class}`;
  if (status === "asking") {
    const gate = [...overview.gates.values()].find((one) => one.execution === view.execution || isInside(one.node, view.path));
    return gate ? word("status.askingSince", moment(gate.since).slice(-8)) : plain;
  }
  return plain;
}

/**
 * The numbers beside it, what matters most first: "3 of 7", "12 s", "try 2".
 * @param {NodeView} view
 * @param {Plan} plan
 * @param {Overview} overview
 * @param {number} now
 */
export function numberWords(view, plan, overview, now) {
  const kind = plan.node(view.path)?.kind;
  const parts = [];
  if (view.items !== null) parts.push(word("count.of", view.itemsDone + view.itemsFailed, view.items));
  if (kind === "parallel-fork" || kind === "join") parts.push(...branches(view, plan, overview));
  const hasTime = ["agent", "tool", "subgraph", "wait"].includes(kind) && ["running", "completed", "failed"].includes(view.status) && view.startedAt !== null;
  const spent = hasTime ? (view.endedAt ?? (overview.outcome === null ? now : (overview.endedAt ?? now))) - /** @type {number} */ (view.startedAt) : 0;
  if (hasTime && spent >= 50) parts.push(span(view.status === "running" ? Math.floor(spent / 1000) * 1000 : spent));
  if (view.attempt > 1 && view.status === "running") parts.push(word("count.try", view.attempt));
  return parts;
}

/**
 * How many of the branches are over: "2 of 3".
 * @param {NodeView} view
 * @param {Plan} plan
 * @param {Overview} overview
 */
function branches(view, plan, overview) {
  const cut = view.path.lastIndexOf("/");
  const scope = cut < 0 ? "" : view.path.slice(0, cut);
  const id = view.path.slice(cut + 1);
  if (plan.node(view.path)?.kind !== "join") return [];
  const into = (plan.scope(scope)?.into.get(id) ?? []).filter((edge) => edge.port !== "repeat");
  if (into.length < 2) return [];
  const over = into.filter((edge) => {
    const one = overview.nodes.get(scope ? `${scope}/${edge.source}` : edge.source);
    return one && !one.isPast && ["completed", "reused", "skipped", "failed", "cancelled"].includes(one.status);
  });
  return [word("count.of", over.length, into.length)];
}

/**
 * Which time round it is: "2/5" at a loop-back, "×2" at a node that has run more than once.
 * @param {Card} card
 * @param {NodeView} view
 * @param {Plan} plan
 * @param {Overview} overview
 * @param {string} path
 */
function iterationWords(card, view, plan, overview, path) {
  if (card.kind !== "loop-back") {
    const turn = view.turns[view.turns.length - 1] ?? 1;
    return turn > 1 ? `×${turn}` : "";
  }
  const node = plan.node(path);
  const cut = path.lastIndexOf("/");
  const repeat = (node?.to ?? []).find((/** @type {any} */ edge) => edge.on === "repeat");
  const header = repeat ? (cut < 0 ? repeat.node : `${path.slice(0, cut)}/${repeat.node}`) : "";
  if (!overview.nodes.get(header)) return "";
  return `${overview.iterations.get(header) ?? 1}/${node?.max_iterations ?? "?"}`;
}

/**
 * A node's whole name: "Writer done 2.3 s, agent, iteration 2".
 * @param {Plan} plan
 * @param {string} path
 * @param {string} kind
 * @param {string} words
 * @param {string[]} numbers
 * @param {NodeView} view
 */
function nameOf(plan, path, kind, words, numbers, view) {
  const turn = view.turns[view.turns.length - 1] ?? 1;
  // What is seen stands first and together, so that who says what they see reaches it by voice.
  const seen = [plan.label(path), words, ...numbers].filter(Boolean).join(" ");
  const parts = [seen, word(`kind.${kind}`), turn > 1 ? word("count.iteration", turn) : "", view.isPast ? word("count.past") : ""];
  if (view.usage.tokens) parts.push(word("usage.tokens", number(view.usage.tokens)), money(view.usage.usd));
  return parts.filter(Boolean).join(", ");
}

/** @param {string} text */
function widthOf(text) {
  let width = 0;
  for (const character of text) width += character > "\u2e80" ? 12 : CHARACTER_PX;
  return width;
}

/**
 * @param {string} text
 * @param {number} room
 */
function shortened(text, room) {
  if (widthOf(text) <= room) return text;
  let kept = "";
  for (const character of text) {
    if (widthOf(`${kept}${character}…`) > room) break;
    kept += character;
  }
  return `${kept}…`;
}
