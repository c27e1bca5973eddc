// The editor's page: who is there, what is open, and the face drawn over it. Rule: this file alone knows both the page's
// address and the parts; a part is given what it needs.
import { createRoot, h } from "../vendor/flow.js";
import { Problem, ROOT, ask, value } from "./api.js";
import { OpenGates } from "./live/open.js";
import { Stream } from "./live/stream.js";
import { openDocument } from "./store/document.js";
import { Pins } from "./store/pins.js";
import { App } from "./view/app.js";
import { LogIn, Missing, Trouble } from "./view/doors.js";
import { LastRun, OpenRuns } from "./view/run/index.js";
import { browser } from "./view/run/surroundings.js";
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
    const pins = new Pins(name, kept());
    addEventListener("storage", (event) => event.key === pins.key && pins.reread());
    const gates = new OpenGates(() => value("GET", "api/inbox"), browser);
    hold(store, last, gates);
    root.render(h(App, { store, runs, last, pins, gates, about: { schema, tools: tools.tools, graphs: graphs.graphs, models: models.providers } }));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) root.render(h(LogIn, { onDone: () => location.reload() }));
    else root.render(h(Trouble, { error }));
  }
}

/** Where a browser keeps small things; null where it may not. */
function kept() {
  try {
    return localStorage;
  } catch {
    return null;
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
 * What happens to the graph elsewhere is told to the store, and where something may have been missed it looks for itself;
 * that a run of it has begun is told to who shows the last one, and what is asked to who counts it; what is unsaved is saved before the page goes.
 * @param {DocumentStore} store
 * @param {LastRun} last
 * @param {OpenGates} gates
 */
function hold(store, last, gates) {
  const listen = () => {
    let isBroken = false;
    return new Stream(() => `${ROOT}api/events`, {
      events: {
        graph: (told) => { if (told.graph === store.get().name) store.changedOnServer(told.etag ?? null); },
        message: (told) => {
          if (told.type === "run.started" && told.graph === store.get().name) last.begun(told.run);
          gates.hear(told);
        },
      },
      state: (state) => {
        // Nobody tells again what was told while the line was broken.
        if (state === "live" && isBroken) {
          store.retry();
          gates.again();
        }
        if (state === "live" || state === "lost" || state === "resting") isBroken = state !== "live";
      },
    }, browser);
  };
  let stream = listen();
  addEventListener("online", () => store.retry());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) store.retry();
  });
  addEventListener("pagehide", () => {
    stream.close();
    void store.flush().catch(() => undefined);
  });
  addEventListener("pageshow", (event) => {
    // Back as it was left, out of the browser's memory: without a line, and perhaps long after.
    if (!event.persisted) return;
    stream = listen();
    store.retry();
  });
}
