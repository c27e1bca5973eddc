// Two versions of one graph, brought together piece by piece. Rule: nothing is overwritten unseen. What one side alone
// changed is listed and taken; what both changed is asked for, and only then can it be merged; the picture shows what
// would come of it.
import { ReactFlowProvider, h, useEffect, useMemo, useState } from "../../vendor/flow.js";
import { isSame } from "../document/changes.js";
import { differences, differencesOf } from "../document/difference.js";
import { compare, isOpen, merged } from "../document/merge.js";
import { PORTS } from "../document/tables.js";
import { word } from "../words.js";
import { Canvas } from "./canvas.js";
import { Changes, marksOf, saidOf } from "./changes.js";
import { at, isObject, useEditor } from "./context.js";
import { Dialog } from "./floating.js";
import { Icon } from "./icons.js";
import { kindOf, nameOf, portName, wireWords } from "./look.js";
import { useNarrow } from "./narrow.js";
/** @import { Choice, Choices, Graph, Piece } from "../contract.js" */

/**
 * What is asked as one question: a piece; or all the places, which nobody wants to be asked for one by one.
 * @typedef {{ key: string, pieces: Piece[] }} Question
 */

/** @param {{ isAgain: boolean, onClose: () => void }} props isAgain: it was changed once more while it was merged */
export function ConflictView({ isAgain, onClose }) {
  const editor = useEditor();
  const { conflict, graph } = editor.snapshot;
  useEffect(() => { if (!conflict) onClose(); }, [conflict]);
  if (!conflict) return null;
  if (conflict.document === null) return h(Gone, { onClose });
  const whole = (/** @type {"mine" | "theirs"} */ which) => { editor.store.resolveConflict(which); onClose(); };
  return h(MergeView, {
    key: conflict.etag, base: conflict.base, mine: graph, theirs: conflict.document, title: word("conflict.title"), why: word("conflict.why"), isAgain, onClose,
    mineWhole: { said: word("conflict.mine"), act: () => whole("mine") },
    theirsWhole: { said: word("conflict.theirs"), act: () => whole("theirs") },
    onMerge: (document) => {
      editor.store.resolveConflict(document);
      editor.setUi({ popup: null, isMerging: true });
    },
  });
}

/** Edits that were found on this machine, made on an older version than the one that is open. @param {{ onClose: () => void }} props */
export function LeftoverView({ onClose }) {
  const editor = useEditor();
  const { leftover, graph } = editor.snapshot;
  useEffect(() => { if (!leftover) onClose(); }, [leftover]);
  if (!leftover) return null;
  const taken = (/** @type {() => void} */ act) => () => { act(); onClose(); };
  return h(MergeView, {
    key: leftover.at, base: leftover.base, mine: leftover.document, theirs: graph, title: word("leftover.title"), why: word("leftover.why"), isAgain: false, onClose,
    mineWhole: { said: word("leftover.whole"), act: taken(() => editor.store.takeLeftover()) },
    theirsWhole: { said: word("leftover.drop"), act: taken(() => editor.store.dropLeftover()) },
    onMerge: (document) => taken(() => editor.store.takeLeftover(document))(),
  });
}

/** The file is not there any more. @param {{ onClose: () => void }} props */
function Gone({ onClose }) {
  const editor = useEditor();
  return h(Dialog, {
    title: word("conflict.title"), onClose, width: 560,
    children: h("p", null, word("conflict.gone")),
    footer: [h("button", { key: "later", className: "edged", onClick: onClose }, word("conflict.later")), h("button", { key: "mine", className: "first", onClick: () => { editor.store.resolveConflict("mine"); onClose(); } }, word("conflict.mine"))],
  });
}

/**
 * @param {object} props
 * @param {Graph} props.base
 * @param {Graph} props.mine
 * @param {Graph} props.theirs
 * @param {string} props.title
 * @param {string} props.why
 * @param {boolean} props.isAgain
 * @param {{ said: string, act: () => void }} props.mineWhole one version as it is, and nothing of the other
 * @param {{ said: string, act: () => void }} props.theirsWhole
 * @param {(document: Graph) => void} props.onMerge
 * @param {() => void} props.onClose
 */
function MergeView({ base, mine, theirs, title, why, isAgain, mineWhole, theirsWhole, onMerge, onClose }) {
  const editor = useEditor();
  const [choices, setChoices] = useState(/** @type {Choices} */ ({}));
  const plain = useMemo(() => compare(base, mine, theirs), [base, mine, theirs]);
  // A node that both added can be two: then everything is compared anew, with mine under another id.
  const apart = useMemo(() => plain.pieces.filter((piece) => piece.both === "apart" && choices[piece.key] === "both"), [plain, choices]);
  const comparison = useMemo(() => (apart.length ? compare(base, mine, theirs, new Set(apart.map((piece) => String(piece.path.at(-1))))) : plain), [plain, apart.map(({ key }) => key).join()]);
  const result = useMemo(() => merged(comparison, choices), [comparison, choices]);
  const questions = questionsOf(plain.pieces, [...apart, ...comparison.pieces.filter((piece) => piece.who === "conflict")]);
  const docs = { base, mine: comparison.own, theirs };
  const open = questions.filter(({ pieces }) => pieces.some((piece) => isOpen(piece, choices))).length;
  const choose = (/** @type {readonly Piece[]} */ pieces, /** @type {Choice} */ choice) => setChoices((old) => ({ ...old, ...Object.fromEntries(pieces.map(({ key }) => [key, choice])) }));
  const all = questions.flatMap(({ pieces }) => pieces);
  const merge = () => {
    onMerge(result.graph);
    editor.announce(word("merge.done"));
  };
  const isNarrow = useNarrow();
  return h(Dialog, {
    title, onClose, className: "merge",
    children: [
      h(
        "div",
        { key: "list", className: "merge-list", role: "region", tabIndex: 0, "aria-label": word("merge.list") },
        isAgain ? h("p", { className: "banner", role: "alert" }, word("merge.again")) : null,
        h("p", { className: "quiet" }, why),
        questions.length
          ? h(
              "section",
              { "aria-label": word("merge.open", String(questions.length)) },
              h("div", { className: "merge-head" }, h("h3", null, word("merge.open", String(questions.length))), questions.length > 1 ? h("div", { role: "group", "aria-label": word("merge.all") }, h("button", { type: "button", className: "edged", onClick: () => choose(all, "mine") }, word("merge.all.mine")), h("button", { type: "button", className: "edged", onClick: () => choose(all, "theirs") }, word("merge.all.theirs"))) : null),
              questions.map((question) => h(QuestionBox, { key: question.key, question, choices, choose, docs, pieces: comparison.pieces })),
            )
          : h("p", { className: "merge-fits" }, h(Icon, { name: "check" }), word("merge.fits")),
        /** @type {const} */ (["here", "there", "same"]).map((who) => h(Taken, { key: who, who, pieces: comparison.pieces, base, docs: { here: comparison.own, there: theirs, same: theirs } })),
      ),
      isNarrow ? null : h(Picture, { key: "picture", base, graph: result.graph, open: result.open }),
    ],
    footer: [
      h("button", { key: "later", className: "edged", onClick: onClose }, word("conflict.later")),
      h("button", { key: "theirs", className: "edged", onClick: theirsWhole.act }, theirsWhole.said),
      h("button", { key: "mine", className: "edged", onClick: mineWhole.act }, mineWhole.said),
      h("span", { key: "left", className: "merge-left quiet", role: "status" }, result.loose.length ? h("span", { className: "finding warning" }, h(Icon, { name: "error" }), word("merge.loose", String(result.loose.length), result.loose.map(({ node, to }) => `${nameOf(node, at(result.graph, ["nodes", node]))} → ${to}`).join(", "))) : null, open ? word("merge.left", String(open)) : questions.length ? word("merge.ready") : null),
      h("button", { key: "merge", className: "first", disabled: open > 0, onClick: merge }, word("merge.press")),
    ],
  });
}

/**
 * @param {readonly Piece[]} order as it was at first: a question does not move while one answers
 * @param {readonly Piece[]} pieces
 * @returns {Question[]}
 */
function questionsOf(order, pieces) {
  const turns = new Map(order.map(({ key }, turn) => [key, turn]));
  const turn = (/** @type {Piece} */ { key }) => turns.get(key) ?? order.length;
  const places = pieces.filter(({ what }) => what === "place");
  const others = pieces.filter(({ what }) => what !== "place").sort((one, other) => turn(one) - turn(other)).map((piece) => ({ key: piece.key, pieces: [piece] }));
  return places.length ? [...others, { key: "places", pieces: places }] : others;
}

/** What one side changed, or both alike. @param {{ who: "here" | "there" | "same", pieces: readonly Piece[], base: Graph, docs: Record<"here" | "there" | "same", Graph> }} props */
function Taken({ who, pieces, base, docs }) {
  const changes = pieces.filter((piece) => piece.who === who && piece.follows === undefined).flatMap((piece) => differencesOf(piece, who === "here" ? "mine" : "theirs", base, docs[who]));
  if (changes.length === 0) return null;
  const title = word(`merge.${who}`, String(changes.length));
  return h("section", { "aria-label": title }, h("div", { className: "merge-head" }, h("h3", null, title)), h(Changes, { changes, label: title }));
}

/**
 * @param {object} props
 * @param {Question} props.question
 * @param {Choices} props.choices
 * @param {(pieces: readonly Piece[], choice: Choice) => void} props.choose
 * @param {{ base: Graph, mine: Graph, theirs: Graph }} props.docs
 * @param {readonly Piece[]} props.pieces all of them: what goes along with this one is told with it
 */
function QuestionBox({ question, choices, choose, docs, pieces }) {
  const piece = /** @type {Piece} */ (question.pieces[0]);
  const along = pieces.filter(({ follows }) => follows === piece.key).flatMap((one) => differencesOf(one, one.who === "here" ? "mine" : "theirs", docs.base, one.who === "here" ? docs.mine : docs.theirs));
  const options = /** @type {Choice[]} */ (piece.both === undefined || question.pieces.length > 1 ? ["mine", "theirs"] : ["mine", "theirs", "both"]);
  return h(
    "fieldset",
    { className: "question" },
    h("legend", null, titleOf(question, docs)),
    piece.why ? h("p", { className: "quiet small" }, word(`merge.why.${piece.why}`)) : piece.both === "apart" ? h("p", { className: "quiet small" }, word("merge.why.added")) : null,
    h("div", { className: "options" }, options.map((choice) =>
      h(
        "label",
        { key: choice, className: "option" },
        h("input", { type: "radio", name: `choice ${question.key}`, value: choice, checked: question.pieces.every(({ key }) => choices[key] === choice), onChange: () => choose(question.pieces, choice) }),
        h("span", { className: "option-word" }, word(`merge.${choice}`)),
        h("span", { className: "option-value" }, choice === "both" ? bothWords(piece, docs) : question.pieces.length > 1 ? null : h(Value, { piece, side: choice, docs })),
      ),
    )),
    piece.what === "field" && piece.before !== undefined ? h("p", { className: "quiet small before" }, word("merge.before", short(piece.before))) : null,
    along.length ? h("p", { className: "quiet small" }, word("merge.along", along.map(saidOf).join("; "))) : null,
  );
}

/**
 * @param {Question} question
 * @param {{ base: Graph, mine: Graph, theirs: Graph }} docs
 */
function titleOf({ pieces }, docs) {
  const piece = /** @type {Piece} */ (pieces[0]);
  if (pieces.length > 1) return word("merge.places", String(pieces.length));
  const { path } = piece;
  if (piece.what === "ways") {
    const node = found(docs, path.slice(0, -1));
    const isPlain = piece.port === PORTS[kindOf(node)]?.[0];
    return `${nameOf(String(path.at(-2)), node)}: ${word("ways")}${isPlain ? "" : ` · ${portName(node, piece.port ?? "")}`}`;
  }
  const [said] = differencesOf(piece, "mine", docs.base, docs.mine);
  if (!said) return "";
  if (piece.what === "place") return word("merge.place", said.name);
  if (piece.what === "node") return `${word(`kind.${kindOf(found(docs, path))}`)}: ${said.name}`;
  if (piece.what !== "field") return `${word(`diff.subject.${said.subject}`)}: ${said.name}`;
  const [field = "", ...rest] = said.field ?? [];
  const name = [word(`field.${field}`, field), ...rest].join(" · ");
  return said.subject === "node" ? `${said.name}: ${name}` : name;
}

/**
 * What stands at a path, by the first of the versions that has it.
 * @param {{ base: Graph, mine: Graph, theirs: Graph }} docs
 * @param {import("../contract.js").Path} path
 */
function found({ base, mine, theirs }, path) {
  return [mine, theirs, base].map((graph) => at(graph, path)).find((value) => value !== undefined);
}

/** @param {{ piece: Piece, side: "mine" | "theirs", docs: { base: Graph, mine: Graph, theirs: Graph } }} props */
function Value({ piece, side, docs }) {
  const value = piece[side];
  if (piece.what === "ways") return h(WaysWords, { edges: value, graph: docs[side], path: piece.path });
  if (value === undefined) return h("em", null, word("merge.gone"));
  if (piece.what === "place") return h("span", { className: "mono" }, Array.isArray(value) ? value.join(", ") : JSON.stringify(value));
  if (piece.what === "note") return h(NoteWords, { piece, note: value });
  if (piece.what === "node") return h(NodeWords, { piece, node: value, id: String(piece.path.at(-1)) });
  return h(Marked, { value, before: piece.before });
}

/** @param {{ edges: any, graph: Graph, path: import("../contract.js").Path }} props */
function WaysWords({ edges, graph, path }) {
  const nodes = at(graph, path.slice(0, -2));
  const node = at(graph, path.slice(0, -1));
  if (edges.length === 0) return h("em", null, word("merge.no_way"));
  return h("ul", null, edges.map((/** @type {any} */ edge, /** @type {number} */ index) => {
    const words = wireWords({ ...node, to: edges }, index);
    return h("li", { key: index }, `→ ${nameOf(edge.node, nodes?.[edge.node])}`, words ? h("span", { className: "quiet" }, ` · ${words}`) : null);
  }));
}

/** A node by its name; where it was there before, by what is another now. @param {{ piece: Piece, node: any, id: string }} props */
function NodeWords({ piece, node, id }) {
  const { before } = piece;
  if (!isObject(before) || !isObject(node)) return h("span", null, nameOf(id, node), h("span", { className: "quiet" }, ` · ${word(`kind.${kindOf(node)}`)}`));
  const fields = [...new Set([...Object.keys(before), ...Object.keys(node)])].filter((field) => !isSame(before[field], node[field]));
  return h("span", null, fields.length ? word("merge.changed", fields.map((field) => (field === "to" ? word("ways") : word(`field.${field}`, field))).join(", ")) : word("merge.kept"));
}

/** A text box by its text; where that is the same on both sides, by its place. @param {{ piece: Piece, note: any }} props */
function NoteWords({ piece, note }) {
  const [mine, theirs, before] = [piece.mine, piece.theirs, piece.before].map((one) => (isObject(one) ? one["text"] : undefined));
  if (mine !== undefined && mine === theirs) return h("span", { className: "mono" }, [note.x, note.y].join(", "));
  return h(Marked, { value: note?.text ?? note, before });
}

/** A value as text, what is another than before marked in it. @param {{ value: any, before: any }} props */
function Marked({ value, before }) {
  const text = textOf(value);
  const [start, end] = changedIn(text, textOf(before));
  return h("pre", { className: "value", tabIndex: text.length > 300 ? 0 : undefined }, start === end ? text : [text.slice(0, start), h("mark", { key: "mark" }, text.slice(start, end)), text.slice(end)]);
}

/** @param {any} value */
function textOf(value) {
  return value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/**
 * From where to where a text is another than it was, in whole words; nowhere if little of it has stayed.
 * @param {string} text
 * @param {string} was
 * @returns {[number, number]}
 */
function changedIn(text, was) {
  const most = Math.min(text.length, was.length);
  let start = 0;
  while (start < most && text[start] === was[start]) start += 1;
  let kept = 0;
  while (kept < most - start && text.at(-1 - kept) === was.at(-1 - kept)) kept += 1;
  if ((start + kept) * 3 < text.length) return [0, 0];
  const isInWord = (/** @type {number} */ place) => place > 0 && place < text.length && /\S\S/.test(text.slice(place - 1, place + 1));
  let end = text.length - kept;
  while (isInWord(start)) start -= 1;
  while (isInWord(end)) end += 1;
  return [start, end];
}

/**
 * @param {Piece} piece
 * @param {{ base: Graph, mine: Graph, theirs: Graph }} docs
 */
function bothWords(piece, docs) {
  if (piece.both === "apart") return word("merge.both.node");
  return h(WaysWords, { edges: piece.both, graph: { ...docs.mine, nodes: { .../** @type {any} */ (docs.theirs["nodes"]), .../** @type {any} */ (docs.mine["nodes"]) } }, path: piece.path });
}

/** @param {any} value */
function short(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

/** What would come of it, with marks at all that is another than in what both began with. @param {{ base: Graph, graph: Graph, open: readonly Piece[] }} props */
function Picture({ base, graph, open }) {
  const { marks, graph: shown } = useMemo(() => {
    const both = marksOf(differences(base, graph), base, graph);
    for (const { path } of open) {
      const id = String(path[1]);
      if ((path[0] === "nodes" || path[0] === "layout") && isObject(both.graph.nodes) && id in both.graph.nodes) both.marks[id] = "conflict";
    }
    return both;
  }, [base, graph, open]);
  return h("section", { className: "merge-picture", "aria-label": word("merge.picture") }, h("div", { className: "canvas" }, h(ReactFlowProvider, { children: h(Canvas, { shown, differences: marks, isPreview: true }) })), h("div", { className: "crumbs" }, h("span", { style: { padding: "4px 8px" } }, word("merge.picture"))));
}
