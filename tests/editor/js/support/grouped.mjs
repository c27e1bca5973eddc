// Documents on the standard input as [{graph, ids}], each with some nodes made a sub-flow and made nodes again: for
// tests/editor/test_grouping.py.

import { readFileSync } from "node:fs";
import { apply } from "../../../../editor_static/js/document/changes.js";
import { group, ungroup } from "../../../../editor_static/js/document/edits.js";

for (const { graph, ids } of JSON.parse(readFileSync(0, "utf8"))) {
  const made = group(graph, ids, { name: "Part of it" });
  const grouped = apply(graph, made.edit.changes).graph;
  const opened = apply(grouped, ungroup(grouped, made.id).edit.changes).graph;
  console.log(JSON.stringify({ grouped, opened }));
}
