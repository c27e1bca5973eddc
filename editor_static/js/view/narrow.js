// How wide the window is, as far as parts differ by it.
import { useCallback, useSyncExternalStore } from "../../vendor/flow.js";

/** Under this there is no canvas: the outline, and lists, are all there is. */
export const NARROW = "(max-width: 600px)";

/** @param {string} query */
export function useNarrow(query = NARROW) {
  return useSyncExternalStore(
    useCallback((/** @type {() => void} */ changed) => {
      const list = matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    }, [query]),
    () => matchMedia(query).matches,
  );
}
