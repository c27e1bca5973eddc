// What every part of the editor's face is given. Rule: the document comes from the store and changes by edits alone; what
// is only about the screen (tabs, popups, the sub-flow one stands in) is the one state `ui`.
import { createContext, useContext, useMemo, useSyncExternalStore } from "../../vendor/flow.js";
/** @import { Context } from "../../vendor/flow.js" */
/** @import { Pins } from "../store/pins.js" */
/** @import { LastRun } from "./run/last.js" */
/** @import { DocumentStore, Edit, Graph, JsonObject, Path, Said, Snapshot } from "../contract.js" */

/**
 * What there is besides the graph: asked once when the page opens.
 * @typedef {object} About
 * @property {any} schema JSON Schema of a document
 * @property {any[]} tools
 * @property {any[]} graphs
 * @property {any[]} models
 */

/**
 * A thing that floats above the page, at a place of the screen.
 * @typedef {(
 *   | { type: "add", x: number, y: number, from?: { node: string, on?: string }, into?: { node: string, index: number }, at?: [number, number] }
 *   | { type: "connect", x: number, y: number, node: string, on?: string }
 *   | { type: "refusal", x: number, y: number, reason: Said, wayOut?: { title: Said, edit: Edit } }
 *   | { type: "menu", x: number, y: number, node: string | null, edge: string | null }
 *   | { type: "export", x: number, y: number }
 *   | { type: "commands" }
 *   | { type: "keys" }
 *   | { type: "conflict", isAgain?: boolean }
 *   | { type: "leftover" }
 *   | { type: "group" }
 *   | { type: "rename", node: string }
 * )} Popup
 */

/**
 * @typedef {object} Ui
 * @property {"build" | "run" | "history"} mode
 * @property {boolean} isStarting under Run: the form of a new run is shown
 * @property {"canvas" | "json"} face
 * @property {"add" | "outline"} left
 * @property {"problems" | "timeline" | "events" | "state" | "diff"} drawer
 * @property {boolean} isDrawerOpen
 * @property {boolean} isInspectorOpen only under 900 px
 * @property {boolean} isThroughOpen whether what the last run put through the selected node is shown
 * @property {Path} scope where the shown graph stands in the document: [] or the path of an inline sub-flow
 * @property {string | null} edge the selected wire, as node:index
 * @property {Set<string>} extra what is selected besides the document's own nodes: text boxes, and all within a sub-flow
 * @property {Popup | null} popup
 * @property {boolean} isMerging two versions were brought together and that is not saved yet
 * @property {string} base what the differences in the drawer are told against: opened, saved, run, or an ETag
 * @property {{ text: string, action?: { word: string, run: () => void } } | null} toast
 * @property {number} problem the problem that F8 stands at, -1: none
 * @property {string | null} field a place (JSON Pointer) whose field is to be focused
 */

/**
 * @typedef {object} Editor
 * @property {DocumentStore} store
 * @property {Snapshot} snapshot
 * @property {Graph} graph the graph that is shown: the document, or the sub-flow one stands in
 * @property {Graph} opened the document as it was when the page opened
 * @property {About} about
 * @property {Set<string>} selection of the shown graph: ids of nodes, and `$note:0` for a text box
 * @property {{ current: Set<string> }} chosen the same, also before it is drawn
 * @property {(ids: Iterable<string>, scope?: Path) => void} select in the shown graph, or in the one that will be shown
 * @property {LastRun} last the run whose values are shown beside the graph
 * @property {Pins} pins outputs that stand for nodes' work in the runs that are started here
 * @property {Ui} ui
 * @property {(patch: Partial<Ui>) => void} setUi
 * @property {(edit: Edit) => void} act do an edit of the shown graph
 * @property {(text: string) => void} announce to a screen reader
 * @property {(action: string, detail?: any) => void} run an action by its name
 * @property {{ current: any }} flow React Flow's own interface, while the canvas is there
 * @property {{ current: { zoom: number, at: number } | null }} wish the zoom that is on its way
 * @property {{ current: { x: number, y: number } | null }} pointer where the pointer was last over the canvas
 */

/** @type {Context<Editor | null>} */
export const EditorContext = createContext(/** @type {Editor | null} */ (null));

/** @returns {Editor} */
export function useEditor() {
  const editor = useContext(EditorContext);
  if (!editor) throw new Error("this part stands outside the editor");
  return editor;
}

/**
 * The nodes of the shown graph whose outputs are pinned.
 * @returns {Set<string>}
 */
export function usePinned() {
  const { pins, graph, ui } = useEditor();
  const all = useSyncExternalStore(pins.subscribe, pins.get);
  const nodes = graph["nodes"];
  return useMemo(() => {
    const around = ui.scope.filter((_, place) => place % 3 === 1).map((id) => `${id}/`).join("");
    const ids = Object.entries(all).flatMap(([path, pin]) => (path.startsWith(around) && at(nodes, [path.slice(around.length)])?.kind === pin.kind ? [path.slice(around.length)] : []));
    return new Set(ids);
  }, [all, nodes, ui.scope]);
}

/**
 * The value at a path, or undefined.
 * @param {any} value
 * @param {Path} path
 * @returns {any}
 */
export function at(value, path) {
  let here = value;
  for (const part of path) {
    if (here === null || typeof here !== "object") return undefined;
    here = here[part];
  }
  return here;
}

/**
 * The edit of a sub-flow as an edit of the document it stands in.
 * @param {Edit} edit
 * @param {Path} scope
 * @returns {Edit}
 */
export function scoped(edit, scope) {
  if (scope.length === 0) return edit;
  return { ...edit, changes: edit.changes.map((change) => ({ ...change, path: [...scope, ...change.path] })) };
}

/**
 * @param {unknown} value
 * @returns {value is JsonObject}
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A JSON Pointer of a path.
 * @param {Path} path
 */
export function pointerOf(path) {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * The path of a JSON Pointer; whole numbers stay text where the value there is an object.
 * @param {string} pointer
 * @returns {string[]}
 */
export function partsOf(pointer) {
  return pointer === "" ? [] : pointer.slice(1).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}
