// What every page has around it: the rooms, the language, the way out, and the login where nobody is logged in. Rule: the
// token of the first link leaves the address and the history before anything else happens.
import { StrictMode, createRoot, h, useEffect, useId, useState } from "../../../vendor/flow.js";
import { Problem, ROOT, value as asked } from "../../api.js";
import { switchLanguage } from "../../language.js";
import { Icon } from "../icons.js";
import { language, word } from "./speech.js";

/** @import { ComponentType, ReactNode } from "../../../vendor/flow.js" */

/** @typedef {"home" | "run" | "inbox"} Room */

/**
 * Put a page together.
 * @param {Room} room
 * @param {ComponentType<{session: {name: string}, setOpen: (count: number) => void}>} content
 */
export async function openPage(room, content) {
  document.documentElement.lang = language();
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) history.replaceState(null, "", location.pathname + location.search);
  const root = createRoot(/** @type {HTMLElement} */ (document.getElementById("main")));
  /** @param {{name: string} | null} session @param {Problem | null} problem */
  const show = (session, problem) => root.render(h(StrictMode, null, h(Page, { room, session, problem, content })));
  try {
    if (token) await asked("POST", "api/session", { token }).catch(() => null);
    show(await asked("GET", "api/session"), null);
  } catch (error) {
    show(null, /** @type {Problem} */ (error));
  }
}

/** @param {{room: Room, session: {name: string} | null, problem: Problem | null, content: ComponentType<any>}} props */
function Page({ room, session, problem, content }) {
  const [open, setOpen] = useState(/** @type {number | null} */ (null));
  useEffect(() => {
    if (session && room === "run") asked("GET", "api/inbox").then((told) => setOpen(told.gates.length), () => undefined);
  }, [session, room]);
  return h(
    "div",
    { className: `page is-${room}` },
    h("a", { className: "skip", href: "#content", onClick: (/** @type {any} */ event) => (event.preventDefault(), document.getElementById("content")?.focus()) }, word("page.skip")),
    h(
      "header",
      { className: "bar" },
      h("a", { className: "mark", href: ROOT, "aria-label": "weft" }, h(Mark), h("span", { "aria-hidden": true }, "weft")),
      h("nav", { className: "rooms", "aria-label": word("page.nav") }, roomLink("home", "", word("page.graphs"), room), roomLink("inbox", "inbox", word("page.inbox"), room, open)),
      h("span", { className: "grow" }),
      h("button", { type: "button", className: "button is-plain", lang: language() === "en" ? "ko" : "en", onClick: switchLanguage }, word("page.language")),
      session ? h("button", { type: "button", className: "button is-plain leave", onClick: () => void asked("DELETE", "api/session").finally(() => (location.href = ROOT)) }, word("page.leave")) : null,
    ),
    h("main", { id: "content", tabIndex: -1 }, session ? h(content, { session, setOpen }) : h(NoSession, { problem })),
  );
}

/**
 * @param {Room} room
 * @param {string} path
 * @param {string} text
 * @param {Room} here
 * @param {number | null} [count]
 */
function roomLink(room, path, text, here, count = null) {
  return h("a", { key: room, href: `${ROOT}${path}`, "aria-current": room === here ? "page" : undefined }, text, count ? h("span", { className: "count", title: word("page.openInbox", count) }, " ", count > 99 ? "99+" : count) : null);
}

function Mark() {
  return h("svg", { viewBox: "0 0 24 24", width: 20, height: 20, "aria-hidden": true }, h("path", { d: "M4 6h4c4 0 4 12 8 12h4M4 18h4c4 0 4-12 8-12h4", fill: "none", stroke: "currentColor", strokeWidth: 2, strokeLinecap: "round" }));
}

/** @param {{problem: Problem | null}} props */
function NoSession({ problem }) {
  if (problem && problem.status !== 401) return h("div", { className: "narrow room" }, h("div", { className: "banner is-failed", role: "alert" }, h("strong", null, problem.message), problem.hint ? h("span", null, problem.hint) : null));
  return h(LogIn);
}

function LogIn() {
  const [token, setToken] = useState("");
  const [said, setSaid] = useState("");
  const id = useId();
  /** @param {any} event */
  const submit = async (event) => {
    event.preventDefault();
    try {
      await asked("POST", "api/session", { token: token.trim() });
      location.reload();
    } catch (error) {
      setSaid(String(/** @type {Error} */ (error).message));
    }
  };
  return h(
    "div",
    { className: "narrow room" },
    h("h1", null, word("page.logIn")),
    h("p", { className: "quiet" }, word("page.tokenHint")),
    h("form", { className: "form-fields", onSubmit: (/** @type {any} */ event) => void submit(event) }, h("div", { className: "form-field" }, h("label", { htmlFor: id }, word("page.token")), h("input", { id, name: "token", type: "password", required: true, autoComplete: "current-password", value: token, onChange: (/** @type {any} */ event) => setToken(event.currentTarget.value) })), h("button", { className: "button is-first" }, word("page.logIn")), said ? h("p", { className: "form-said", role: "alert" }, said) : null),
  );
}

/**
 * What cannot be shown, in place.
 * @param {{error: any}} props
 * @returns {ReactNode}
 */
export function Banner({ error }) {
  return h("div", { className: "banner is-failed", role: "alert" }, h("strong", null, String(error.message ?? error)), error.hint ? h("span", null, error.hint) : null);
}

export { Icon };
