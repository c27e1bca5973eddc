// The language that is read: English or Korean. Rule: what was chosen is kept in this browser, else the browser says it.
// It is asked for once: whoever chooses the other loads the page again.

const KEPT = "weft-language";
const READ = chosen();

/** @returns {"en" | "ko"} */
export function language() {
  return READ;
}

/** @returns {"en" | "ko"} */
function chosen() {
  const kept = globalThis.localStorage?.getItem(KEPT);
  return kept === "en" || kept === "ko" ? kept : globalThis.navigator?.language?.startsWith("ko") ? "ko" : "en";
}

/** Switch between the two languages and load the page again. */
export function switchLanguage() {
  localStorage.setItem(KEPT, language() === "en" ? "ko" : "en");
  location.reload();
}
