// The palette: the kinds, the core first, and patterns. Rule: what can be dragged can be chosen by a key or a click too.
import { h } from "../../vendor/flow.js";
import { word } from "../words.js";
import { useEditor } from "./context.js";
import { Icon } from "./icons.js";
import { CORE, OTHERS } from "./look.js";
import { PATTERNS } from "./patterns.js";

export function Palette() {
  return h(
    "div",
    { className: "palette scroll", role: "group", "aria-label": word("palette") },
    h("h2", null, word("palette.core")),
    CORE.map((kind) => h(Entry, { key: kind, choice: { kind }, icon: kind, name: word(`kind.${kind}`), help: word(`kind.${kind}.help`) })),
    h("h2", null, word("palette.others")),
    OTHERS.map((kind) => h(Entry, { key: kind, choice: { kind }, icon: kind, name: word(`kind.${kind}`), help: word(`kind.${kind}.help`) })),
    h(Entry, { choice: "note", icon: "note", name: word("note"), help: word("note.help") }),
    h("h2", null, word("palette.patterns")),
    PATTERNS.map((pattern) => h(Entry, { key: pattern.name, choice: { pattern: pattern.name }, icon: pattern.icon, name: word(`pattern.${pattern.name}`), help: word(`pattern.${pattern.name}.help`) })),
    h("p", { className: "tip" }, word("palette.tip")),
  );
}

/** @param {{ choice: any, icon: string, name: string, help: string }} props */
function Entry({ choice, icon, name, help }) {
  const editor = useEditor();
  const isNote = choice === "note";
  return h(
    "button",
    {
      type: "button",
      draggable: true,
      title: help,
      className: isNote ? "" : `kind-${icon}`,
      "data-entry": isNote ? "note" : (choice.kind ?? choice.pattern),
      onClick: () => editor.run(isNote ? "note" : "place", { choice }),
      onDragStart: (/** @type {any} */ event) => {
        event.dataTransfer.setData("application/x-weft-kind", isNote ? "note" : JSON.stringify(choice));
        event.dataTransfer.effectAllowed = "copy";
      },
    },
    h(Icon, { name: icon }),
    h("span", null, name),
  );
}
