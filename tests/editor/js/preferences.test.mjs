// What a reader has chosen is kept, told, and does without a place to keep it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { languageOf, Preferences } from "../../../editor_static/js/store/preferences.js";

function storage(/** @type {Record<string, string>} */ kept = {}) {
  const map = new Map(Object.entries(kept));
  return {
    map,
    getItem: (/** @type {string} */ key) => map.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void map.set(key, value),
    removeItem: (/** @type {string} */ key) => void map.delete(key),
  };
}

test("a choice is kept for the next page, told to who listens, and forgotten when it is the usual one", () => {
  const place = storage();
  const preferences = new Preferences(place);
  let told = 0;
  const leave = preferences.subscribe(() => (told += 1));
  const before = preferences.get();
  preferences.choose({ theme: "dark", singleKeys: false, language: "ko" });
  assert.notEqual(preferences.get(), before);
  assert.deepEqual(new Preferences(place).get(), { theme: "dark", language: "ko", singleKeys: false });
  preferences.choose({ theme: "auto", singleKeys: true, language: null });
  assert.equal(place.map.size, 0);
  leave();
  preferences.choose({ theme: "light" });
  assert.equal(told, 2);
});

test("what cannot be read, or is no choice, is none", () => {
  assert.deepEqual(new Preferences(storage({ "weft-theme": "pink", "weft-language": "xx", "weft-singleKeys": "7" })).get(), { theme: "auto", language: null, singleKeys: true });
  const forbidden = () => {
    throw new DOMException("no", "SecurityError");
  };
  const preferences = new Preferences({ getItem: forbidden, setItem: forbidden, removeItem: forbidden });
  preferences.choose({ theme: "dark" });
  assert.equal(preferences.get().theme, "dark");
  assert.equal(new Preferences(null).get().theme, "auto");
});

test("the language is the chosen one, else the browser's where there are words for it", () => {
  const { choices } = new Preferences(null);
  assert.deepEqual([languageOf(choices, "ko-KR"), languageOf(choices, "de"), languageOf({ ...choices, language: "en" }, "ko")], ["ko", "en", "en"]);
});
