// One decision behind a link: what is asked, and the buttons. Rule: looking decides nothing; the link is all that is known.
import { createRoot, h, useEffect, useState } from "../vendor/flow.js";
import { Problem, value as asked } from "./api.js";
import { language } from "./language.js";
import { GateForm } from "./view/run/gate.js";
import { useNow } from "./view/run/now.js";
import { word } from "./view/run/speech.js";

const path = `decide/${location.pathname.split("/").pop() ?? ""}`;

function DecidePage() {
  const [gate, setGate] = useState(/** @type {import("./view/run/gate.js").Gate | null} */ (null));
  const [said, setSaid] = useState(/** @type {{text: string, isDone: boolean} | null} */ (null));
  const now = useNow(true);
  useEffect(() => {
    asked("GET", `${path}/gate`).then(setGate, (error) => setSaid({ text: told(error), isDone: false }));
  }, []);
  return h(
    "main",
    { className: "room decide" },
    gate ? h("h1", null, gate.graph) : null,
    said ? h("p", { className: said.isDone ? "banner is-done" : "banner is-failed", role: said.isDone ? "status" : "alert" }, said.text) : null,
    gate && !said ? h(GateForm, { gate, now, decide: (option, form) => asked("POST", path, { option, form }).then(() => setSaid({ text: word("link.done"), isDone: true })) }) : null,
  );
}

/** @param {unknown} error */
function told(error) {
  const code = error instanceof Problem ? error.code : "";
  if (code === "link.unknown") return word("link.bad");
  return code === "gate.closed" ? word("gate.decidedMeanwhile") : String(/** @type {Error} */ (error).message);
}

document.documentElement.lang = language();
createRoot(/** @type {HTMLElement} */ (document.getElementById("main"))).render(h(DecidePage));
