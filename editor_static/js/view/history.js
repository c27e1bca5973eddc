// The versions of a graph: named, compared with what is open, looked at on the canvas, and taken back as one edit.
// Rule: looking changes nothing; what differs is told in words and shown by sign, colour and word on the canvas.
import { ReactFlowProvider, h, useEffect, useMemo, useState } from "../../vendor/flow.js";
import { value as ask } from "../api.js";
import { replaceDocument } from "../document/edits.js";
import { moment, word } from "../words.js";
import { Canvas } from "./canvas.js";
import { Changes, marksOf } from "./changes.js";
import { useEditor } from "./context.js";
import { Icon } from "./icons.js";

export function History() {
  const editor = useEditor();
  const { name, graph, save, etag } = editor.snapshot;
  const [versions, setVersions] = useState(/** @type {any[] | null} */ (null));
  const [chosen, setChosen] = useState(/** @type {string | null} */ (null));
  const [old, setOld] = useState(/** @type {any} */ (null));
  const [changes, setChanges] = useState(/** @type {any[] | null} */ (null));
  const [problem, setProblem] = useState("");
  const load = () => ask("GET", `api/graphs/${name}/versions`).then((told) => setVersions(told.versions), (error) => setProblem(error.message));
  useEffect(() => { void load(); }, [etag, save.state === "saved"]);
  useEffect(() => {
    if (chosen === null) return;
    let isWanted = true;
    setProblem("");
    void (async () => {
      try {
        const document_ = await ask("GET", `api/graphs/${name}/versions/${chosen}`);
        const told = await ask("POST", `api/graphs/${name}/diff?from=${chosen}`, graph);
        if (!isWanted) return;
        setOld(document_);
        setChanges(told.changes);
      } catch (error) {
        if (isWanted) setProblem(/** @type {Error} */ (error).message);
      }
    })();
    return () => { isWanted = false; };
  }, [chosen, graph]);
  const marks = useMemo(() => (changes && old ? marksOf(changes, old, graph) : null), [changes, old, graph]);
  const version = versions?.find((one) => one.etag === chosen);
  return h(
    "div",
    { className: "history", id: "mode-panel", role: "tabpanel", "aria-labelledby": "mode-history" },
    h(
      "div",
      { className: "middle" },
      marks
        ? h("div", { className: "canvas" }, h(ReactFlowProvider, { key: chosen, children: h(Canvas, { shown: marks.graph, differences: marks.marks }) }), h("div", { className: "crumbs" }, h("span", { style: { padding: "4px 8px" } }, word("history.since", version?.label ?? moment(version?.at ?? null)))))
        : h("div", { className: "empty" }, h("h2", null, word("history.title")), h("p", null, problem || word("history.help"))),
    ),
    h(
      "aside",
      { className: "side", style: { borderLeft: "1px solid var(--weft-line)" }, "aria-label": word("mode.history") },
      h(
        "div",
        { className: "scroll" },
        h(NameVersion, { onNamed: load }),
        h("ol", { className: "versions" }, (versions ?? []).map((one, index) => h("li", { key: one.etag }, h("button", { "aria-current": chosen === one.etag ? "true" : undefined, onClick: () => setChosen(one.etag) }, h("span", { className: "ellipsis" }, one.label ?? (index === 0 ? word("history.current") : word("history.unnamed"))), h("span", { className: "quiet small" }, moment(one.at)), one.by ? h("span", { className: "quiet small" }, one.by) : null)))),
        changes
          ? h(
              "div",
              null,
              h("div", { className: "inspector-head" }, h("div", { className: "row" }, h("h2", { className: "grow" }, word("history.changes", String(changes.length))), version && changes.length ? h("button", { className: "edged", onClick: () => { editor.store.do(replaceDocument(graph, old)); editor.setUi({ mode: "build" }); } }, word("history.restore")) : null)),
              h(Changes, { changes }),
            )
          : null,
      ),
    ),
  );
}

/** @param {{ onNamed: () => void }} props */
function NameVersion({ onNamed }) {
  const editor = useEditor();
  const [label, setLabel] = useState("");
  const [said, setSaid] = useState("");
  return h(
    "form",
    {
      className: "form",
      style: { paddingBottom: 12 },
      onSubmit: async (/** @type {any} */ event) => {
        event.preventDefault();
        try {
          await editor.store.nameVersion(label.trim());
          setLabel("");
          setSaid("");
          onNamed();
          editor.announce(word("history.named"));
        } catch (error) {
          setSaid(String(/** @type {Error} */ (error).message ?? error));
        }
      },
    },
    h("div", { className: "field" }, h("label", { htmlFor: "version-name" }, word("history.name")), h("div", { className: "label-form", style: { display: "flex", gap: 4 } }, h("input", { id: "version-name", maxLength: 120, autoComplete: "off", value: label, onChange: (/** @type {any} */ event) => setLabel(event.target.value) }), h("button", { className: "edged", disabled: label.trim() === "" }, word("history.name_it"))), said ? h("p", { className: "finding", role: "alert" }, h(Icon, { name: "error" }), said) : null),
  );
}
