// Every word in both languages, and a word for everything that the document and the store can say.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const JS = new URL("../../../editor_static/js/", import.meta.url);
const files = readdirSync(JS).filter((name) => /^words(-\w+)?\.js$/.test(name));
/** @type {Record<string, Record<"en" | "ko", Record<string, string>>>} */
const words = {};
for (const name of files) {
  // What a browser has and a module of words may ask at once.
  Object.assign(globalThis, { localStorage: { getItem: () => null } });
  const module = await import(new URL(name, JS).href);
  const table = Object.values(module).find((value) => value?.en && value?.ko);
  if (table) words[name] = table;
}

test("every word stands in English and in Korean, with the same places for what is put in", () => {
  const types = readFileSync(new URL("types.d.ts", JS), "utf8");
  for (const [name, { en, ko }] of Object.entries(words)) {
    assert.deepEqual(Object.keys(en).filter((key) => !(key in ko)), [], name);
    // A field's help is looked up by its English sentence, which stands in the document's schema.
    assert.deepEqual(Object.keys(ko).filter((key) => !(key in en) && !types.includes(key)), [], name);
    const places = (/** @type {string} */ text) => [...new Set(text.match(/\{\w+\}/g))].sort();
    for (const key of Object.keys(en)) assert.deepEqual(places(String(ko[key])), places(String(en[key])), `${name}: ${key}`);
  }
});

test("whatever the document and the store say has its words", (context) => {
  const said = new Set();
  for (const room of ["document/", "store/"]) {
    for (const file of readdirSync(new URL(room, JS))) {
      const text = readFileSync(new URL(room + file, JS), "utf8");
      for (const [, key] of text.matchAll(/\["((?:wire|wayOut|edit|group|ungroup|fix|paste)\.\w+)"/g)) said.add(key);
    }
  }
  assert.ok(said.size > 60, `${said.size} found`);
  const table = words["words.js"];
  if (!table) return context.skip("words.js comes with the views");
  assert.deepEqual([...said].filter((key) => !(String(key) in table.en)), []);
});
