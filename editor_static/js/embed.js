// One run to look at, inside another page: its picture and its status, kept current. Rule: nothing of what went in or came
// out is asked for; the server draws, and is asked anew at most twice a second.
import { createRoot, h, useEffect, useRef, useState } from "../vendor/flow.js";
import { ROOT, value as asked } from "./api.js";
import { language } from "./language.js";
import { seldom } from "./live/lists.js";
import { Stream } from "./live/stream.js";
import { Badge } from "./view/run/badge.js";
import { word } from "./view/run/speech.js";
import { browser } from "./view/run/surroundings.js";
import { cropped, loadPicture, rebuilt } from "./view/run/svg.js";

const path = `embed/${location.pathname.split("/").pop() ?? ""}`;
const REFRESH_MS = 500;

function EmbedPage() {
  const [run, setRun] = useState(/** @type {any} */ (null));
  const [isBad, setIsBad] = useState(false);
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    let last = 0;
    /** @type {Stream | null} */
    let stream = null;
    const look = async () => {
      const [told, picture] = await Promise.all([asked("GET", `${path}/run`), loadPicture(`${path}/diagram.svg`)]);
      const made = rebuilt(picture);
      place.current?.replaceChildren(made);
      cropped(made, 16);
      setRun(told);
      if (told.ended_at !== null) stream?.close();
    };
    const soon = seldom(look, REFRESH_MS, browser);
    look().then(
      () => {
        const take = (/** @type {any} */ event) => {
          last = event.n;
          soon();
        };
        stream = new Stream(() => `${ROOT}${path}/events?after=${last}`, { events: { message: take }, state: () => undefined }, browser);
      },
      () => setIsBad(true),
    );
    return () => stream?.close();
  }, []);
  if (isBad) return h("main", { className: "room embed" }, h("p", { className: "banner is-failed", role: "alert" }, word("link.bad")));
  return h("main", { className: "room embed" }, run ? h("header", { className: "embed-head" }, h("h1", null, run.graph), h(Badge, { status: run.status })) : null, h("div", { className: "embed-picture", ref: place }));
}

document.documentElement.lang = language();
createRoot(/** @type {HTMLElement} */ (document.getElementById("main"))).render(h(EmbedPage));
