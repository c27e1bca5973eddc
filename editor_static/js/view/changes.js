// What differs between two documents, as a list in words and as marks on a picture of both. Rule: a sign, a word and a colour
// say together what happened to a thing; what is still there can be gone to from its line.
import { h } from "../../vendor/flow.js";
import { word } from "../words.js";
import { isObject, partsOf } from "./context.js";
import { waysOf } from "./look.js";
/** @import { Difference } from "../contract.js" */

const SIGNS = /** @type {Record<string, string>} */ ({ added: "+", removed: "−", changed: "~", renamed: "→", moved: "·" });

/** So many are listed; of two documents that have little in common nobody reads more. */
const MOST_LISTED = 300;

/** @param {{ changes: readonly Difference[], label?: string, onLead?: (lead: string) => void }} props */
export function Changes({ changes, label = word("diff.list"), onLead }) {
  if (changes.length === 0) return h("p", { className: "form quiet" }, word("history.same"));
  return h(
    "ul",
    { className: "changes", "aria-label": label },
    changes.slice(0, MOST_LISTED).map((change, index) => {
      const { lead } = change;
      const said = saidOf(change);
      return h(
        "li",
        { key: index, className: change.what },
        h("span", { className: "sign", "aria-hidden": true }, SIGNS[change.what] ?? "~"),
        h("div", null, onLead && lead !== undefined ? h("button", { type: "button", className: "what", onClick: () => onLead(lead) }, said) : said, change.what === "changed" ? h("div", { className: "values" }, `${placeWords(change)}${short(change.before)} → ${short(change.after)}`) : null),
      );
    }),
    changes.length > MOST_LISTED ? h("li", { key: "more", className: "quiet" }, h("span"), word("diff.more", String(changes.length - MOST_LISTED))) : null,
  );
}

/** @param {Difference} change */
export function saidOf(change) {
  const name = change.subject === "graph" && change.field ? word(`field.${change.name}`, change.name) : change.name.replace(/ -[^>]*-> /, " → ");
  return word(`diff.say.${change.what}`, word(`diff.subject.${change.subject}`), name).trim();
}

/**
 * Which part of it changed, as its form calls it; where that has no name for it, its place in the file.
 * @param {Difference} change
 */
function placeWords({ field, subject, place }) {
  if (field === undefined) return subject === "edge" || subject === "note" ? "" : `${place}: `;
  const names = subject === "graph" ? field.slice(1) : [word(`field.${field[0]}`, field[0] ?? ""), ...field.slice(1)];
  return names.length ? `${names.join(" · ")}: ` : "";
}

/** @param {any} value */
function short(value) {
  const text = value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

/**
 * Both versions as one picture: what is there now, and what was removed where it stood.
 * @param {readonly Difference[]} changes
 * @param {any} old
 * @param {any} graph
 */
export function marksOf(changes, old, graph) {
  /** @type {Record<string, string>} */
  const marks = {};
  /** @type {Record<string, any>} */
  const nodes = { ...(isObject(graph["nodes"]) ? graph["nodes"] : {}) };
  /** @type {Record<string, any>} */
  const layout = { ...(isObject(graph["layout"]) ? graph["layout"] : {}) };
  for (const change of changes) {
    const [room, id, inside, index] = partsOf(change.place);
    if (id === undefined) continue;
    // What is inside a sub-flow changes that.
    if (room === "nodes" && inside === "inline") marks[id] ??= "changed";
    else if (change.subject === "node" && room === "nodes") {
      if (change.what === "removed") {
        const gone = old.nodes?.[id];
        if (gone !== undefined && !(id in nodes)) {
          // Its wires to what is still there are shown with it.
          nodes[id] = gone;
          layout[id] = old.layout?.[id] ?? [0, 0];
          waysOf(gone).forEach((_edge, at) => { marks[`${id}:${at}`] = "removed"; });
        }
        marks[id] = "removed";
      } else if (change.what === "added") {
        marks[id] = "added";
        waysOf(nodes[id]).forEach((_edge, at) => { marks[`${id}:${at}`] = "added"; });
      } else if (marks[id] === undefined) marks[id] = "changed";
    } else if (change.subject === "edge" && change.what !== "removed" && index !== undefined) marks[`${id}:${index}`] = change.what === "added" ? "added" : "changed";
    else if (change.subject === "edge" && change.what === "removed" && index !== undefined && id in nodes) {
      const edge = waysOf(old.nodes?.[id])[Number(index)];
      if (edge !== undefined && marks[id] !== "removed") {
        const node = nodes[id];
        const ways = waysOf(node);
        nodes[id] = { ...node, to: [...ways, edge] };
        marks[`${id}:${ways.length}`] = "removed";
      }
    }
  }
  return { marks, graph: { ...graph, nodes, layout } };
}
