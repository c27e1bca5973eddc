// What differs between the document and one that is chosen, beside the drawing. Rule: it is computed here and only while it
// is looked at; a line leads to what it tells of.
import { h, useEffect, useMemo, useState } from "../../vendor/flow.js";
import { value as ask } from "../api.js";
import { differences } from "../document/difference.js";
import { moment, word } from "../words.js";
import { Changes } from "./changes.js";
import { useEditor } from "./context.js";
import { Icon } from "./icons.js";

/** @typedef {{ versions: any[], run: any }} Known  run: the last one of this graph, null: there is none */

export function DiffPanel() {
  const editor = useEditor();
  const { ui, snapshot, opened } = editor;
  const known = useKnown(snapshot.name, editor.last.get().run);
  const ran = known?.run ? known.versions.find((one) => one.hash === known.run.graph_hash) : undefined;
  const etag = ui.base === "run" ? (ran?.etag ?? null) : ["opened", "saved"].includes(ui.base) ? null : ui.base;
  const { document: kept, problem } = useVersion(snapshot.name, etag);
  const base = ui.base === "opened" ? opened : ui.base === "saved" ? snapshot.saved : kept;
  const changes = useMemo(() => (base === null ? null : differences(base, snapshot.graph)), [base, snapshot.graph]);
  const named = (known?.versions ?? []).filter((one) => one.label !== null);
  const isListed = ["opened", "saved"].includes(ui.base) || (ui.base === "run" ? Boolean(known?.run) : named.some((one) => one.etag === ui.base));
  return h(
    "div",
    { className: "diff" },
    h(
      "div",
      { className: "diff-bar" },
      h("label", { htmlFor: "diff-base" }, word("diff.with")),
      h(
        "select",
        { id: "diff-base", value: ui.base, onChange: (/** @type {any} */ event) => editor.setUi({ base: event.target.value }) },
        h("option", { value: "opened" }, word("diff.opened")),
        h("option", { value: "saved" }, word("diff.saved")),
        known?.run ? h("option", { value: "run", disabled: ran === undefined }, ran ? word("diff.run", moment(known.run.started_at)) : word("diff.run.gone")) : null,
        isListed ? null : h("option", { value: ui.base }, word("loading")),
        named.length ? h("optgroup", { label: word("diff.named") }, named.map((one) => h("option", { key: one.etag, value: one.etag }, `${one.label} · ${moment(one.at)}`))) : null,
      ),
      changes?.length ? h("span", { className: "quiet", role: "status" }, word("history.changes", String(changes.length))) : null,
    ),
    problem ? h("p", { className: "finding", role: "alert" }, h(Icon, { name: "error" }), problem) : changes === null ? h("p", { className: "nothing", role: "status" }, word(known?.run && ui.base === "run" && !ran ? "diff.run.gone" : "loading")) : changes.length ? h(Changes, { changes, onLead: (lead) => editor.run("show_place", lead) }) : h("p", { className: "nothing", role: "status" }, word("history.same")),
  );
}

/**
 * What there is to compare with, asked when the panel opens and when another run is looked at.
 * @param {string} name
 * @param {string | null} run
 */
function useKnown(name, run) {
  const [known, setKnown] = useState(/** @type {Known | null} */ (null));
  useEffect(() => {
    let isWanted = true;
    const versions = ask("GET", `api/graphs/${name}/versions`).then((told) => told.versions);
    const runs = ask("GET", `api/runs?graph=${encodeURIComponent(name)}&limit=1`).then((told) => told.runs);
    // Without them there is still the page's own past to compare with.
    Promise.all([versions, runs]).then(([all, [last]]) => { if (isWanted) setKnown({ versions: all, run: last ?? null }); }, () => undefined);
    return () => { isWanted = false; };
  }, [name, run]);
  return known;
}

/**
 * The document of a version.
 * @param {string} name
 * @param {string | null} etag null: none is wanted
 * @returns {{ document: any, problem: string }}
 */
function useVersion(name, etag) {
  const [read, setRead] = useState({ etag: /** @type {string | null} */ (null), document: /** @type {any} */ (null), problem: "" });
  useEffect(() => {
    if (etag === null) return;
    let isWanted = true;
    ask("GET", `api/graphs/${name}/versions/${etag}`).then(
      (document) => { if (isWanted) setRead({ etag, document, problem: "" }); },
      (error) => { if (isWanted) setRead({ etag, document: null, problem: error.message }); },
    );
    return () => { isWanted = false; };
  }, [name, etag]);
  return read.etag === etag ? read : { document: null, problem: "" };
}
