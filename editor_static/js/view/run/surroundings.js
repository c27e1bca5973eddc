// What the live side needs of the browser, in one place; the tests of the pure modules give their own.

/** @import { Surroundings } from "../../live/stream.js" */

/** @type {Surroundings & {now: () => number}} */
export const browser = {
  open: (url) => new EventSource(url),
  isHidden: () => document.hidden,
  onVisibility: (act) => {
    document.addEventListener("visibilitychange", act);
    return () => document.removeEventListener("visibilitychange", act);
  },
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
};
