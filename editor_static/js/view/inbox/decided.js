// What was decided, by whom and when: the audit. Rule: it is told by the journals alone; nobody can edit it here.
import { h, useEffect, useState } from "../../../vendor/flow.js";
import { ROOT, value as asked } from "../../api.js";
import { Banner } from "../run/page.js";
import { moment, word } from "../run/speech.js";
import { Value } from "../run/value.js";

export function Decided() {
  const [lines, setLines] = useState(/** @type {any[] | null} */ (null));
  const [next, setNext] = useState(/** @type {string | number | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let isGone = false;
    asked("GET", "api/inbox/decided").then(
      (told) => {
        if (isGone) return;
        setLines(told.decided);
        setNext(told.next);
      },
      (problem) => !isGone && setError(problem),
    );
    return () => void (isGone = true);
  }, []);
  const more = async () => {
    const told = await asked("GET", `api/inbox/decided?before=${encodeURIComponent(String(next))}`);
    setLines([...(lines ?? []), ...told.decided]);
    setNext(told.next);
  };
  if (error) return h(Banner, { error });
  if (lines === null) return h("p", { className: "run-empty", role: "status" }, word("inbox.loading"));
  if (!lines.length) return h("p", { className: "run-empty" }, word("inbox.noneDecided"));
  return h(
    "div",
    null,
    h(
      "ol",
      { className: "decided" },
      lines.map((gate) =>
        h(
          "li",
          { key: gate.position, "data-decided": gate.run },
          h("div", { className: "decided-head" }, h("strong", null, gate.option ?? word("inbox.expired")), gate.option === null ? null : h("span", null, gate.by === "deadline" ? word("inbox.byDeadline") : (gate.by ?? word("nobody"))), h("time", { className: "quiet", dateTime: gate.at }, moment(gate.at)), h("a", { href: `${ROOT}runs/${encodeURIComponent(gate.run)}` }, gate.graph), h("span", { className: "quiet" }, gate.gate)),
          gate.form && Object.keys(gate.form).length ? h(Value, { value: gate.form, label: word("detail.answer") }) : null,
        ),
      ),
    ),
    next === null || next === undefined ? null : h("button", { type: "button", className: "button", onClick: () => void more() }, word("inbox.more")),
  );
}
