// A free text box on the canvas. Rule: its text is text; it changes when the writing is done, as one step.
import { NodeResizer, h, memo, useState } from "../../vendor/flow.js";
import { moveNote, removeNote, setNote } from "../document/edits.js";
import { word } from "../words.js";
import { useEditor } from "./context.js";
/** @import { Node, NodeProps } from "../../vendor/flow.js" */

/** @typedef {Node<{ text: string, index: number }, "note">} NoteNode */

/** @param {NodeProps<NoteNode>} props */
function NoteOf({ data, selected }) {
  const editor = useEditor();
  const [draft, setDraft] = useState(/** @type {string | null} */ (data.text === "" ? "" : null));
  const done = () => {
    if (draft === null) return;
    if (draft.trim() === "") editor.act(removeNote(editor.graph, data.index));
    else if (draft !== data.text) editor.act(setNote(editor.graph, data.index, draft));
    setDraft(null);
  };
  return h(
    "div",
    { style: { width: "100%", height: "100%" }, onDoubleClick: () => setDraft(data.text) },
    h(NodeResizer, {
      isVisible: selected,
      minWidth: 96,
      minHeight: 40,
      onResizeEnd: (/** @type {any} */ _event, /** @type {any} */ box) => editor.act(moveNote(editor.graph, data.index, { x: Math.round(box.x), y: Math.round(box.y), w: Math.round(box.width), h: Math.round(box.height) })),
    }),
    draft === null
      ? h("div", { className: "note" }, data.text)
      : h(
          "div",
          { className: "note nodrag nopan" },
          h("textarea", {
            autoFocus: true,
            value: draft,
            "aria-label": word("note.text"),
            placeholder: word("note.placeholder"),
            onChange: (/** @type {any} */ event) => setDraft(event.target.value),
            onBlur: done,
            onKeyDown: (/** @type {any} */ event) => {
              event.stopPropagation();
              if (event.key === "Escape") event.currentTarget.blur();
            },
          }),
        ),
  );
}

export const Note = memo(NoteOf);
