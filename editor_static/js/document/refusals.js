// What may be wired: whether, why not, and the way out. Rule: what the checker would call an error from the moment it is
// drawn is refused here, in the same sense; what is only unfinished (a node that nothing leads to yet) is not.

/** @import { EdgePlace, Edit, Graph, JsonObject, Kind, Said, Verdict, Wire } from "../contract.d.ts" */

import { Draft } from "./draft.js";
import { defaultPort, edgesOf, isRepeat, isShared, isUnconditional, KINDS, kindOf, labelOf, nodeAt, nodesOf, portOf, portsOf, targetOf } from "./kinds.js";
import { bodyOf, loopsAround, loopsOf, reached, startOf, waysOf } from "./order.js";
import { addWire, alwaysTaken, insertFork, insertHeader, insertLoopBack, insertStep } from "./repairs.js";

/** @typedef {import("./order.js").Ways} Ways */
/** @typedef {import("./order.js").Loop} Loop */

/**
 * Whether a wire can be drawn. O(loops * (nodes + edges)).
 * @param {Graph} graph
 * @param {Wire} wire
 * @returns {Verdict}
 */
export function judgeWire(graph, wire) {
  return new Judge(graph, wire.node, wire.on).verdict(wire.to, wire.when);
}

/**
 * Whether an edge can be led to another node. The way out, if there is one, leads it there.
 * @param {Graph} graph
 * @param {EdgePlace} place
 * @param {string} to
 * @returns {Verdict}
 */
export function judgeReconnect(graph, place, to) {
  const draft = new Draft(graph);
  const node = nodeAt(graph, place.node);
  const edge = /** @type {JsonObject | undefined} */ (edgesOf(node)[place.index]);
  if (!edge) return refused(["wire.noSource", place.node]);
  const when = typeof edge.when === "string" ? edge.when : undefined;
  const wire = { node: place.node, on: portOf(node, edge) || undefined, to, when };
  draft.dropEdge(place.node, place.index);
  const verdict = judgeWire(draft.graph, wire);
  if (verdict.ok || !verdict.wayOut) return verdict;
  const { title } = verdict.wayOut;
  const changes = () => [...draft.changes, .../** @type {{ edit: Edit }} */ (verdict.wayOut).edit.changes];
  return { ...verdict, wayOut: { title, get edit() { return { title, changes: changes() }; } } };
}

/**
 * A verdict for every node, in file order, as the target of a wire from one port.
 * @param {Graph} graph
 * @param {string} node
 * @param {string} [on]
 * @returns {{ id: string, verdict: Verdict }[]}
 */
export function targetsFor(graph, node, on) {
  const judge = new Judge(graph, node, on);
  return Object.keys(nodesOf(graph)).map((id) => ({ id, verdict: judge.verdict(id) }));
}

/**
 * The kinds of a new node that can follow a port.
 * @param {Graph} graph
 * @param {string} node
 * @param {string} [on]
 * @returns {Kind[]}
 */
export function kindsAfter(graph, node, on) {
  const from = nodeAt(graph, node);
  const port = on ?? defaultPort(from);
  if (!portsOf(from).includes(port)) return [];
  // A repeat edge leads back, never to something new.
  if (kindOf(from) === "loop-back" && port === "repeat") return [];
  return /** @type {Kind[]} */ ([...KINDS]);
}

/**
 * @param {Said} reason
 * @returns {Verdict}
 */
function refused(reason) {
  return { ok: false, reason };
}

/** Everything about one port that verdicts on its targets share. */
class Judge {
  /**
   * @param {Graph} graph
   * @param {string} node
   * @param {string | undefined} on
   */
  constructor(graph, node, on) {
    this.graph = graph;
    this.node = node;
    this.from = nodeAt(graph, node);
    this.port = on ?? defaultPort(this.from);
    this.isRepeat = kindOf(this.from) === "loop-back" && this.port === "repeat";
    /** @type {Ways} */
    this.ways = waysOf(graph);
    this.loops = loopsOf(this.ways);
    this.start = startOf(this.ways);
    /** All nodes from which a way leads here: a wire back to one of them closes a cycle. */
    this.behind = reached(this.ways, [node], { backwards: true });
    this.fromStart = this.start === undefined ? new Set() : reached(this.ways, [this.start]);
    /** Loops that the port's node lies outside of and can be reached without passing their header. */
    this.entered = this.loops.filter((loop) => !loop.body.has(node) && this.#isReachedWithout(node, loop.header));
  }

  /**
   * Whether a run can come to a node without having been at another one.
   * @param {string} node
   * @param {string} other
   */
  #isReachedWithout(node, other) {
    return this.start !== undefined && reached(this.ways, [this.start], { without: other }).has(node);
  }

  /** @param {string} id */
  #label(id) {
    return labelOf(this.graph, id);
  }

  /**
   * @param {string} to
   * @param {string} [when]
   * @returns {Verdict}
   */
  verdict(to, when) {
    const { graph, node, from, port } = this;
    if (!from) return refused(["wire.noSource", node]);
    if (!nodeAt(graph, to)) return refused(["wire.noTarget", to]);
    if (kindOf(from) === "end") return refused(["wire.afterEnd", this.#label(node)]);
    if (kindOf(from) === null) return refused(["wire.broken", node]);
    if (!portsOf(from).includes(port)) return refused(["wire.noPort", this.#label(node), port]);
    if (this.isRepeat) return this.#repeat(to);
    return (
      this.#backwards(to, when) ?? this.#again(to, when) ?? this.#intoLoop(to, when) ?? this.#sideExit(to) ?? this.#following(to)
      ?? this.#crowded(to, when) ?? this.#closed(to, when) ?? { ok: true }
    );
  }

  /**
   * A refusal with a way out, which also opens the port if it is never left by.
   * @param {Said} reason
   * @param {Said} title
   * @param {(draft: Draft) => string[] | void} repair returns what is selected then
   * @param {boolean} [leavesByPort] whether the wire then leaves by this port
   * @returns {Verdict}
   */
  #unless(reason, title, repair, leavesByPort = true) {
    const shut = leavesByPort ? this.#shut() : null;
    if (shut && !shut.open) return { ok: false, reason: shut.reason };
    const { graph } = this;
    return {
      ok: false,
      reason,
      wayOut: {
        title,
        // Made when it is asked for: most ways out are never taken.
        get edit() {
          const draft = new Draft(graph);
          shut?.open?.(draft);
          const select = repair(draft);
          return draft.done(title, { select: select ?? undefined });
        },
      },
    };
  }

  /**
   * A port that is never left by.
   * @param {string} to
   * @param {string} [when]
   */
  #closed(to, when) {
    const shut = this.#shut();
    if (!shut) return null;
    const { node, port } = this;
    return this.#unless(shut.reason, shut.title, (draft) => void addWire(draft, { node, on: port, to, when }));
  }

  /**
   * Why the port is never left by, and what opens it; null where it is open.
   * @returns {{ reason: Said, title: Said, open: ((draft: Draft) => void) | null } | null}
   */
  #shut() {
    const { from, node, port } = this;
    const kind = kindOf(from);
    if (port === "done" && kind === "loop-back" && from?.while === undefined && (from?.on_limit ?? "fail") === "fail") {
      return { reason: ["wire.neverDone", this.#label(node)], title: ["wayOut.exit"], open: (draft) => draft.set(["nodes", node, "on_limit"], "exit") };
    }
    if (port !== "expired") return null;
    if (kind === "human-gate" && from?.default !== undefined) return { reason: ["wire.hasDefault", this.#label(node)], title: ["wayOut.deadline"], open: null };
    if (from?.deadline_s !== undefined) return null;
    return { reason: ["wire.noDeadline", this.#label(node)], title: ["wayOut.deadline"], open: (draft) => draft.set(["nodes", node, "deadline_s"], 3600) };
  }

  /**
   * A wire that closes a cycle: a loop-back is the way.
   * @param {string} to
   * @param {string} [when]
   */
  #backwards(to, when) {
    if (!this.behind.has(to)) return null;
    const { from, node, port } = this;
    const kind = kindOf(from);
    const reason = /** @type {Said} */ (to === node ? ["wire.self", this.#label(node)] : ["wire.cycle", this.#label(to), this.#label(node)]);
    if (kind === "loop-back") {
      const verdict = edgesOf(from).some((edge) => isRepeat(from, edge)) ? null : this.#repeat(to);
      if (!verdict?.ok) return refused(reason);
      return this.#unless(reason, ["wayOut.repeat", this.#label(to)], (draft) => void addWire(draft, { node, on: "repeat", to }), false);
    }
    if (kind === "parallel-fork" && port === "branch") return refused(["wire.forkBack", this.#label(node)]);
    if (to !== node && this.#isReachedWithout(node, to)) return refused(["wire.notAllThrough", this.#label(node), this.#label(to)]);
    const leaving = this.#leavingFork(this.#bodyWith(to));
    if (leaving) return refused(["wire.sideExit", this.#label(leaving.node), this.#label(to), this.#label(leaving.to)]);
    const shared = this.#sameHeader(to);
    if (shared && !shared.into) return refused(reason);
    const onwards = when === undefined ? targetOf(edgesOf(from)[alwaysTaken(from, port)]) : undefined;
    if (onwards !== undefined && this.#leadsToLoopBack([onwards], to)) return refused(reason);
    const title = /** @type {Said} */ (onwards === undefined ? ["wayOut.loopBack"] : ["wayOut.loopBackThenOn"]);
    return this.#unless(reason, title, (draft) => {
      const header = shared?.into ? insertHeader(draft, to, shared.into) : to;
      return [insertLoopBack(draft, { node, on: port, to: header, when })];
    });
  }

  /**
   * The body of a header's loop once a loop-back at this node is one of it.
   * @param {string} header
   */
  #bodyWith(header) {
    const others = this.loops.find((loop) => loop.header === header)?.loopBacks ?? [];
    return bodyOf(this.ways, header, [this.node, ...others]);
  }

  /**
   * A branch of a fork that leads out of a loop with this body.
   * @param {ReadonlySet<string>} body
   * @param {{ forks?: Iterable<string>, isPatient?: boolean }} [how] forks: where to look, absent: in the whole body;
   *   isPatient: a branch that is still being drawn may yet be led back
   */
  #leavingFork(body, { forks = body, isPatient = false } = {}) {
    for (const id of forks) {
      if (kindOf(nodeAt(this.graph, id)) !== "parallel-fork") continue;
      const way = this.ways.out.get(id)?.find(({ port, to }) => port === "branch" && !body.has(to) && !(isPatient && this.#isOpen(to)));
      if (way) return way;
    }
    return null;
  }

  /**
   * The same wire twice, or a second one into one join.
   * @param {string} to
   * @param {string} [when]
   */
  #again(to, when) {
    const { from, graph, node, port } = this;
    const same = edgesOf(from).filter((edge) => targetOf(edge) === to && portOf(from, edge) === port);
    if (when === undefined && same.some(isUnconditional)) return refused(["wire.already", this.#label(node), this.#label(to)]);
    const isKnown = edgesOf(from).some((edge) => targetOf(edge) === to && !isRepeat(from, edge));
    if (kindOf(nodeAt(graph, to)) !== "join" || !isKnown) return null;
    if (when === undefined && !isShared(from, port) && alwaysTaken(from, port) >= 0) return refused(["wire.twice", this.#label(node), this.#label(to)]);
    return this.#unless(["wire.twice", this.#label(node), this.#label(to)], ["wayOut.step"], (draft) => [
      insertStep(draft, { node, on: port, to, when }),
    ]);
  }

  /**
   * A wire into a loop past its header.
   * @param {string} to
   * @param {string} [when]
   */
  #intoLoop(to, when) {
    const loop = this.entered.find(({ body, header }) => body.has(to) && to !== header);
    if (!loop) return this.#growingLoop(to);
    const { node, port } = this;
    const reason = /** @type {Said} */ (["wire.intoLoop", this.#label(to), this.#label(loop.header)]);
    if (!this.verdict(loop.header, when).ok) return refused(reason);
    return this.#unless(reason, ["wayOut.header", this.#label(loop.header)], (draft) => {
      addWire(draft, { node, on: port, to: loop.header, when });
    });
  }

  /**
   * A wire from what follows a loop back into it: the loop then is larger, and no fork of it may lead out.
   * @param {string} to
   */
  #growingLoop(to) {
    for (const { body, header } of this.loops) {
      if (to === header || !body.has(to) || body.has(this.node)) continue;
      const more = reached(this.ways, [this.node], { backwards: true, repeats: true, without: header });
      const forks = [...more].filter((id) => !body.has(id));
      const leaving = this.#leavingFork(new Set([...body, ...more]), { forks, isPatient: true });
      if (leaving) return refused(["wire.sideExit", this.#label(leaving.node), this.#label(header), this.#label(leaving.to)]);
    }
    return null;
  }

  /**
   * A branch of a fork out of the loop in which the fork stands, to what is reached without it already.
   * @param {string} to
   */
  #sideExit(to) {
    if (kindOf(this.from) !== "parallel-fork" || this.port !== "branch") return null;
    const [loop] = loopsAround(this.loops, this.node);
    if (!loop || loop.body.has(to) || !this.fromStart.has(to)) return null;
    return refused(["wire.sideExit", this.#label(this.node), this.#label(loop.header), this.#label(to)]);
  }

  /**
   * A way from one loop-back's `done` to another one of the same header: both would be one loop with one count.
   * @param {string} to
   */
  #following(to) {
    for (const { header, loopBacks } of this.loops) {
      const first = loopBacks.find((id) => (id === this.node && this.port === "done") || this.#isAfterDone(id));
      const second = first === undefined ? undefined : this.#leadsToLoopBack([to], header, first);
      if (first !== undefined && second !== undefined) return refused(["wire.sameHeader", this.#label(second), this.#label(first), this.#label(header)]);
    }
    return null;
  }

  /**
   * A second wire on a port that takes only one.
   * @param {string} to
   * @param {string} [when]
   */
  #crowded(to, when) {
    const { from, graph, node, port } = this;
    const always = isShared(from, port) || when !== undefined ? -1 : alwaysTaken(from, port);
    if (always < 0) return null;
    const was = targetOf(edgesOf(from)[always]) ?? "";
    const reason = /** @type {Said} */ (["wire.second", this.#label(node), port, this.#label(was)]);
    if (kindOf(nodeAt(graph, was)) === "parallel-fork") {
      if (!judgeWire(graph, { node: was, to }).ok) return refused(reason);
      return this.#unless(reason, ["wayOut.branch", this.#label(was)], (draft) => void addWire(draft, { node: was, to }));
    }
    if (!this.#mayFork(was, to)) return refused(reason);
    return this.#unless(reason, ["wayOut.fork"], (draft) => [insertFork(draft, { node, on: port, to })]);
  }

  /**
   * Whether a fork may lead to both nodes: within a loop no branch of it may leave that loop, and it stands within as soon
   * as one of them does.
   * @param {string} one
   * @param {string} other
   */
  #mayFork(one, other) {
    return this.loops.every(({ body, header }) => {
      const isIn = (/** @type {string} */ id) => body.has(id) && (id !== header || body.has(this.node));
      const stays = [one, other].filter(isIn).length;
      const isWithin = body.has(this.node) || stays > 0;
      return !isWithin || stays === 2 || (body.has(this.node) && [one, other].every((id) => isIn(id) || (!this.fromStart.has(id) && this.#isOpen(id))));
    });
  }

  /**
   * Whether a branch is still being drawn: a node of it leads nowhere yet and could.
   * @param {string} id
   */
  #isOpen(id) {
    return [...reached(this.ways, [id])].some((other) => {
      const node = nodeAt(this.graph, other);
      return kindOf(node) !== "end" && !edgesOf(node).some((edge) => portOf(node, edge) === portOf(node, {}) || kindOf(node) === "human-gate");
    });
  }

  /**
   * A repeat edge: it leads back to a node through which all ways to its loop-back lead.
   * @param {string} to
   * @returns {Verdict}
   */
  #repeat(to) {
    const { from, node } = this;
    const taken = edgesOf(from).findIndex((edge) => isRepeat(from, edge));
    const was = targetOf(edgesOf(from)[taken]);
    if (to === node) return refused(["wire.self", this.#label(node)]);
    if (was === to) return refused(["wire.already", this.#label(node), this.#label(to)]);
    if (!this.behind.has(to)) return refused(["wire.notBack", this.#label(to), this.#label(node)]);
    if (this.#isReachedWithout(node, to)) return refused(["wire.notAllThrough", this.#label(node), this.#label(to)]);
    const leaving = this.#leavingFork(this.#bodyWith(to));
    if (leaving) return refused(["wire.sideExit", this.#label(leaving.node), this.#label(to), this.#label(leaving.to)]);
    const dones = this.ways.out.get(node)?.filter((way) => way.port === "done").map((way) => way.to) ?? [];
    const other = this.#leadsToLoopBack(dones, to);
    if (other !== undefined) return refused(["wire.sameHeader", this.#label(other), this.#label(node), this.#label(to)]);
    const shared = this.#sameHeader(to);
    if (shared && (!shared.into || was !== undefined)) return refused(["wire.sameHeader", this.#label(node), this.#label(shared.first), this.#label(to)]);
    if (was !== undefined) {
      return this.#unless(["wire.repeatTaken", this.#label(node), this.#label(was)], ["wayOut.moveRepeat", this.#label(to)], (draft) => {
        draft.set(["nodes", node, "to", taken, "node"], to);
      });
    }
    if (!shared?.into) return { ok: true };
    const { first, into } = shared;
    return this.#unless(["wire.sameHeader", this.#label(node), this.#label(first), this.#label(to)], ["wayOut.outerHeader"], (draft) => {
      const outer = insertHeader(draft, to, into);
      addWire(draft, { node, on: "repeat", to: outer });
      return [outer];
    });
  }

  /**
   * Whether a loop-back from here to a header would follow the `done` of another one of the same header; `into`: the
   * edges that could lead to a header of its own before it, null where two of them come from one node.
   * @param {string} to
   */
  #sameHeader(to) {
    const loop = this.loops.find(({ header }) => header === to);
    const first = loop?.loopBacks.find((id) => id !== this.node && this.#isAfterDone(id));
    if (first === undefined) return null;
    const into = this.ways.into.get(to) ?? [];
    const isClear = into.length > 0 && new Set(into.map((way) => way.node)).size === into.length;
    return { first, into: isClear ? into : null };
  }

  /**
   * A loop-back of a header's loop to which some nodes lead on.
   * @param {Iterable<string>} from
   * @param {string} header
   * @param {string} [but] not this one
   */
  #leadsToLoopBack(from, header, but = this.node) {
    const loop = this.loops.find((one) => one.header === header);
    if (!loop) return undefined;
    const after = reached(this.ways, from);
    return loop.loopBacks.find((id) => id !== but && after.has(id));
  }

  /** @param {string} loopBack */
  #isAfterDone(loopBack) {
    const dones = (this.ways.out.get(loopBack) ?? []).filter((way) => way.port === "done").map((way) => way.to);
    return reached(this.ways, dones).has(this.node);
  }
}
