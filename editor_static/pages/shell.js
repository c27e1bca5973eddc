// What every page has: language, log out, the login where nobody is logged in, and the live line.
import { ask, logIn, Problem, ROOT } from "./api.js";
import { byId, fill, h } from "./build.js";
import { language, switchLanguage, word } from "./words.js";

/**
 * Make the bar, log in by the link's token if there is one, then show the page.
 * @param {(main: HTMLElement) => Promise<void>} show
 */
export async function open(show) {
  document.documentElement.lang = language();
  const main = byId("main");
  const toggle = document.getElementById("language");
  if (toggle) {
    toggle.textContent = word("language");
    toggle.lang = language() === "en" ? "ko" : "en";
    toggle.addEventListener("click", switchLanguage);
  }
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  try {
    if (token) {
      // The token leaves the address and the history before anything else happens.
      history.replaceState(null, "", location.pathname + location.search);
      await logIn(token).catch(() => ask("GET", "api/session"));
    }
    await show(main);
    showLeave();
  } catch (error) {
    if (error instanceof Problem && error.status === 401) fill(main, logInForm(() => location.reload()));
    else fill(main, banner(error));
  }
}

function showLeave() {
  const leave = document.getElementById("leave");
  if (!leave) return;
  leave.hidden = false;
  leave.textContent = word("leave");
  leave.addEventListener("click", async () => {
    await ask("DELETE", "api/session");
    location.href = ROOT;
  });
}

/** @param {() => void} done */
function logInForm(done) {
  const token = h("input", { type: "password", name: "token", autocomplete: "current-password", required: true });
  const said = h("p", { class: "said", role: "alert" });
  const form = h("form", {}, h("label", {}, word("token"), token), h("button", { class: "first" }, word("logIn")), said);
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await logIn(token.value.trim());
      done();
    } catch (error) {
      said.textContent = String(/** @type {Error} */ (error).message);
    }
  });
  return h("div", { class: "narrow" }, h("h1", {}, word("logIn")), h("p", { class: "quiet" }, word("tokenHint")), form);
}

/** @param {any} error */
export function banner(error) {
  return h("div", { class: "banner", role: "alert" }, h("strong", {}, String(error.message ?? error)), error.hint ? h("span", {}, error.hint) : null);
}

/**
 * A status in words, with a mark of its own shape.
 * @param {string} status
 */
export function badge(status) {
  return h("span", { class: `status ${status}` }, word(status));
}

/**
 * Follow a stream; the line in the bar says whether it is there.
 * @param {string} path
 * @param {Record<string, (value: any) => void>} on event type -> what to do; "message" for the plain ones
 * @returns {EventSource}
 */
export function follow(path, on) {
  const line = document.getElementById("line");
  const source = new EventSource(ROOT + path);
  for (const [type, act] of Object.entries(on)) source.addEventListener(type, (event) => act(JSON.parse(/** @type {MessageEvent} */ (event).data)));
  if (line) {
    source.addEventListener("open", () => (line.textContent = word("live")));
    source.addEventListener("error", () => (line.textContent = source.readyState === EventSource.CLOSED ? "" : word("lost")));
  }
  addEventListener("pagehide", () => source.close());
  return source;
}

/**
 * Call `act` at most once in so many ms, never twice at a time, and once more after the last call: what it asked for
 * first can then not be shown last.
 * @param {() => Promise<unknown>} act
 * @param {number} ms
 */
export function seldom(act, ms) {
  let isBusy = false;
  let isWanted = false;
  let last = -Infinity;
  const turn = async () => {
    isBusy = true;
    while (isWanted) {
      await new Promise((done) => setTimeout(done, Math.max(0, last + ms - performance.now())));
      isWanted = false;
      last = performance.now();
      await act().catch(() => undefined);
    }
    isBusy = false;
  };
  return () => {
    isWanted = true;
    if (!isBusy) void turn();
  };
}
