// The present, as far as it is shown.
import { useEffect, useState } from "../../../vendor/flow.js";

/**
 * The present, once a second while something goes on and is looked at.
 * @param {boolean} isRunning
 */
export function useNow(isRunning) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => !document.hidden && setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}
