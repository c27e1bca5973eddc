// The language that is read: English or Korean. Rule: what was chosen is kept in this browser, else the browser says it.

const KEPT = "weft-language";

/** @returns {"en" | "ko"} */
export function language() {
  const kept = localStorage.getItem(KEPT);
  return kept === "en" || kept === "ko" ? kept : navigator.language.startsWith("ko") ? "ko" : "en";
}

/** Switch between the two languages and load the page again. */
export function switchLanguage() {
  localStorage.setItem(KEPT, language() === "en" ? "ko" : "en");
  location.reload();
}
