// A graph's picture, small. Rule: it is drawn by the server and only looked at here; it is decoration, the card says the rest.
import { h, useEffect, useRef, useState } from "../../../vendor/flow.js";
import { cropped, loadPicture, rebuilt } from "../run/svg.js";

/** @type {Map<string, Promise<SVGSVGElement>>} pictures that were loaded, by path and hash; a graph that changes has another hash */
const KEPT = new Map();
const MOST_KEPT = 200;

/** @param {{path: string, version: string}} props */
export function Thumb({ path, version }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const isSeen = useSeen(place);
  useEffect(() => {
    if (!isSeen) return;
    let isGone = false;
    pictureAt(path, version).then(
      (picture) => {
        if (isGone || !place.current) return;
        const own = /** @type {SVGSVGElement} */ (picture.cloneNode(true));
        for (const part of own.querySelectorAll("[id]")) part.removeAttribute("id");
        for (const part of own.querySelectorAll("title, desc")) part.remove();
        own.removeAttribute("role");
        place.current.replaceChildren(own);
        cropped(own, 12, { width: 520, height: 200 });
      },
      () => undefined,
    );
    return () => void (isGone = true);
  }, [path, version, isSeen]);
  return h("div", { className: "thumb", ref: place, "aria-hidden": true });
}

/**
 * @param {string} path
 * @param {string} version
 */
function pictureAt(path, version) {
  const key = `${path} ${version}`;
  const known = KEPT.get(key);
  if (known) return known;
  const made = loadPicture(path).then(rebuilt);
  made.catch(() => KEPT.delete(key));
  KEPT.set(key, made);
  if (KEPT.size > MOST_KEPT) KEPT.delete(/** @type {string} */ (KEPT.keys().next().value));
  return made;
}

/**
 * Whether it is in view, or nearly; a long page asks only for what is looked at.
 * @param {{current: Element | null}} place
 */
function useSeen(place) {
  const [isSeen, setIsSeen] = useState(false);
  useEffect(() => {
    if (!place.current || isSeen) return;
    const watcher = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setIsSeen(true), { rootMargin: "300px" });
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, [place, isSeen]);
  return isSeen;
}
