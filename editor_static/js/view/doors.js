// What is shown instead of the editor: the login, a graph that is not there, a page that cannot be shown.
import { h, useState } from "../../vendor/flow.js";
import { ROOT, value } from "../api.js";
import { word } from "../words.js";

/** @param {{ onDone: () => void }} props */
export function LogIn({ onDone }) {
  const [token, setToken] = useState("");
  const [said, setSaid] = useState("");
  return h(
    "main",
    { className: "narrow" },
    h("h1", null, word("login")),
    h("p", { className: "quiet" }, word("login.help")),
    h(
      "form",
      {
        onSubmit: async (/** @type {any} */ event) => {
          event.preventDefault();
          try {
            await value("POST", "api/session", { token: token.trim() });
            onDone();
          } catch (error) {
            setSaid(/** @type {Error} */ (error).message);
          }
        },
      },
      h("label", null, word("login.token"), h("input", { type: "password", name: "token", autoComplete: "current-password", required: true, autoFocus: true, value: token, onChange: (/** @type {any} */ event) => setToken(event.target.value) })),
      h("button", { className: "first", style: { justifySelf: "start" } }, word("login")),
      h("p", { className: "said", role: "alert" }, said),
    ),
  );
}

/** @param {{ name: string, graphs: any[], onMade: () => void }} props */
export function Missing({ name, onMade }) {
  const [said, setSaid] = useState("");
  const isName = /^[a-z0-9][a-z0-9-]{0,63}$/.test(name);
  const make = async () => {
    try {
      await value("PUT", `api/graphs/${name}`, { format: "weft/1", name, nodes: {} }, { "if-none-match": "*" });
      onMade();
    } catch (error) {
      setSaid(/** @type {Error} */ (error).message);
    }
  };
  return h(
    "main",
    { className: "narrow" },
    h("h1", null, word("missing.title", name)),
    h("p", { className: "quiet" }, word(isName ? "missing.help" : "missing.name")),
    h("div", { style: { display: "flex", gap: 8 } }, isName ? h("button", { className: "first", onClick: make }, word("missing.make")) : null, h("a", { className: "button edged", href: ROOT }, word("home"))),
    h("p", { className: "said", role: "alert" }, said),
  );
}

/** @param {{ error: any }} props */
export function Trouble({ error }) {
  return h("main", { className: "narrow" }, h("h1", null, word("trouble")), h("div", { className: "banner", role: "alert" }, h("strong", null, String(error?.message ?? error)), error?.hint ? h("span", null, error.hint) : null), h("a", { className: "button edged", href: ROOT, style: { justifySelf: "start" } }, word("home")));
}
