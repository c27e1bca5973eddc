// The page of one run.
import { h, useEffect, useState } from "../vendor/flow.js";
import { ROOT, value as asked } from "./api.js";
import { Icon } from "./view/icons.js";
import { RunView } from "./view/run/index.js";
import { openPage } from "./view/run/page.js";
import { word } from "./view/run/speech.js";

const node = new URLSearchParams(location.search).get("node");
const id = decodeURIComponent(location.pathname.split("/").pop() ?? "");

function RunPage() {
  const [graph, setGraph] = useState("");
  useEffect(() => {
    asked("GET", `api/runs/${encodeURIComponent(id)}`).then(
      (run) => {
        setGraph(run.graph);
        document.title = `${run.graph} · ${id} · weft`;
      },
      () => undefined,
    );
  }, []);
  const name = h("h1", { key: "name", className: "only-spoken" }, `${graph} ${id}`);
  const lead = graph ? [name, h("a", { key: "edit", className: "button is-plain", href: `${ROOT}graphs/${encodeURIComponent(graph)}`, "aria-label": word("page.edit"), title: word("page.edit") }, h(Icon, { name: "canvas" }))] : name;
  return h(RunView, { run: id, name: graph, lead, node });
}

await openPage("run", RunPage);
