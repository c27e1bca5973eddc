// The state that a node finds when it starts: each key with its type, and the nodes that wrote it. Rule: what stands here is
// read from the drawing alone, so it is there before anything ran.
import { h, useMemo } from "../../vendor/flow.js";
import { stateInto } from "../document/names.js";
import { word } from "../words.js";
import { useEditor } from "./context.js";
import { Icon } from "./icons.js";
import { nameOf } from "./look.js";

/** @param {{ id: string }} props */
export function Incoming({ id }) {
  const editor = useEditor();
  const { graph } = editor;
  const nodes = /** @type {any} */ (graph["nodes"]);
  const keys = useMemo(() => stateInto(graph, id), [graph, id]);
  if (keys.length === 0) return null;
  return h(
    "details",
    { className: "group incoming" },
    h("summary", null, h(Icon, { name: "right" }), word("incoming"), h("span", { className: "quiet small ellipsis" }, keys.map((one) => one.key).join(", "))),
    h(
      "ul",
      { className: "inside wires-list" },
      keys.map(({ key, type, isOptional, writers }) =>
        h(
          "li",
          { key },
          h("div", { className: "way" }, h("code", { className: "ellipsis" }, key), h("span", { className: "grow" }), h("span", { className: "quiet small" }, isOptional ? word("incoming.optional", type) : type)),
          writers.length
            ? h("div", { className: "way small" }, h("span", { className: "quiet" }, word("incoming.by")), writers.map((one) => h("button", { key: one, className: "ellipsis link", onClick: () => editor.run("show", one) }, nameOf(one, nodes?.[one]))))
            : h("div", { className: "quiet small" }, word("incoming.start")),
        ),
      ),
    ),
  );
}
