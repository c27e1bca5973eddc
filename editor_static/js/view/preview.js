// What the text in a field would have come to in the last run, while one writes it. Rule: it is shown, never kept; where it
// is not sure it says nothing.
import { h, useEffect, useState } from "../../vendor/flow.js";
import { expressionPreview, templatePreview } from "../document/preview.js";
import { brief } from "../live/values.js";
import { word } from "../words.js";
import { useEditor } from "./context.js";
/** @import { Path } from "../contract.js" */
/** @import { Preview as Told } from "../document/preview.js" */

/** After the last key: a condition is not worked out at every letter. */
const PAUSE_MS = 120;

/** @param {{ text: string, language: "template" | "expression", path: Path, names: any }} props */
export function Preview({ text, language, path, names }) {
  const { graph } = useEditor();
  const [told, setTold] = useState(/** @type {Told} */ (null));
  useEffect(() => {
    let isWanted = true;
    if (names === null || text.trim() === "") return setTold(null);
    if (language === "template") return setTold(templatePreview(text, names));
    const timer = setTimeout(() => void expressionPreview(text, names, { graph, path }).then((found) => isWanted && setTold(found)), PAUSE_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [text, language, names, graph]);
  if (told === null) return null;
  return "missing" in told
    ? h("p", { className: "preview" }, word("preview.missing", told.missing.join(", ")))
    : h("p", { className: "preview" }, h("span", { className: "quiet" }, word("preview")), h("span", { className: language === "expression" ? "mono" : "" }, brief(told.value, 240)));
}
