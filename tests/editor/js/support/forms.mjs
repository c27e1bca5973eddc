// The sizes of the nodes of the documents on the standard input, one JSON object for each: for tests/editor/test_sizes.py.

import { readFileSync } from "node:fs";
import { formOf, waysIn } from "../../../../editor_static/js/document/geometry.js";
import { nodesOf } from "../../../../editor_static/js/document/kinds.js";

for (const graph of JSON.parse(readFileSync(0, "utf8"))) {
  const into = waysIn(graph);
  console.log(JSON.stringify(Object.fromEntries(Object.entries(nodesOf(graph)).map(([id, node]) => [id, formOf(node, into.get(id))]))));
}
