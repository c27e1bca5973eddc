// The editor's page: who is there, what is open, and the face drawn over it. Rule: this file alone knows both the page's
// address and the parts; a part is given what it needs.
import { createRoot, h } from "../vendor/flow.js";
import { Problem, ROOT, ask, value } from "./api.js";
import { openDocument } from "./store/document.js";
import { App } from "./view/app.js";
import { LogIn, Missing, Trouble } from "./view/doors.js";
import { LastRun, OpenRuns } from "./view/run/index.js";
import { language, word } from "./words.js";
/** @import { DocumentStore } from "./contract.js" */

const clock = {
  now: () => Date.now(),
  after: (/** @type {number} */ ms, /** @type {() => void} */ act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

document.documentElement.lang = language();
const root = createRoot(/** @type {HTMLElement} */ (document.getElementById("main")));
root.render(h("p", { className: "loading" }, word("loading")));
await open(decodeURIComponent(location.pathname.slice(`${ROOT}graphs/`.length)));

/** @param {string} name */
async function open(name) {
  try {
    await logInByLink();
    const [reply, schema, tools, models, graphs] = await Promise.all([
      ask("GET", `api/graphs/${name}`),
      value("GET", "api/schema"),
      value("GET", "api/tools"),
      value("GET", "api/models"),
      value("GET", "api/graphs"),
    ]);
    if (reply.status === 404) return root.render(h(Missing, { name, graphs: graphs.graphs, onMade: () => location.reload() }));
    if (reply.status >= 400) throw new Problem({ status: reply.status, ...JSON.parse(reply.text) });
    const graph = JSON.parse(reply.text);
    const store = await openDocument({ name, graph, etag: reply.etag ?? "", world: { ask, indexedDB: globalThis.indexedDB ?? null, clock } });
    const runs = new OpenRuns();
    const last = new LastRun(name, runs);
    hold(store, last);
    root.render(h(App, { store, runs, last, about: { schema, tools: tools.tools, graphs: graphs.graphs, models: models.providers } }));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) root.render(h(LogIn, { onDone: () => location.reload() }));
    else root.render(h(Trouble, { error }));
  }
}

/** A link's one-time token leaves the address before anything else happens. */
async function logInByLink() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  await value("POST", "api/session", { token }).catch(() => undefined);
}

/**
 * What happens to the graph elsewhere is told to the store, that a run of it has begun to who shows the last one; what is
 * unsaved is saved before the page goes.
 * @param {DocumentStore} store
 * @param {LastRun} last
 */
function hold(store, last) {
  const source = new EventSource(`${ROOT}api/events`);
  source.addEventListener("graph", (event) => {
    const told = JSON.parse(/** @type {MessageEvent} */ (event).data);
    if (told.name === store.get().name) store.changedOnServer(told.etag ?? null);
  });
  source.addEventListener("message", ({ data }) => {
    // Every event of every run comes by here; only few are looked into.
    if (!data.includes('"run.started"')) return;
    const told = JSON.parse(data);
    if (told.type === "run.started" && told.graph === store.get().name) last.begun(told.run);
  });
  addEventListener("pagehide", () => {
    source.close();
    void store.flush().catch(() => undefined);
  });
}
