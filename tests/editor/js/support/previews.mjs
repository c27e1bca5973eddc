// What the editor's preview says of each given case: a line of JSON in, a line out.
import { expressionPreview, templatePreview } from "../../../../editor_static/js/document/preview.js";

let given = "";
for await (const part of process.stdin) given += part;
for (const line of given.split("\n").filter(Boolean)) {
  const { text, isExpression, names, graph, path } = JSON.parse(line);
  console.log(JSON.stringify(isExpression ? await expressionPreview(text, names, { graph, path }) : templatePreview(text, names)));
}
