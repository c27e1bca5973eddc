// What a reader has chosen for this browser: theme, language, single-key shortcuts. Rule: a choice that cannot be kept or
// read is none, and the page works without it.

/** @typedef {{ theme: "auto" | "light" | "dark", language: "en" | "ko" | null, singleKeys: boolean }} Choices  language null: the browser's */

const PREFIX = "weft-";
/** @type {Readonly<Choices>} */
const DEFAULTS = Object.freeze({ theme: "auto", language: null, singleKeys: true });
/** What may be chosen; anything else that is found is not looked at. */
const ALLOWED = Object.freeze({ theme: ["auto", "light", "dark"], language: ["en", "ko"], singleKeys: ["true", "false"] });

/** One store of choices; views read it with `useSyncExternalStore(preferences.subscribe, preferences.get)`. */
export class Preferences {
  /** @param {Pick<Storage, "getItem" | "setItem" | "removeItem"> | null} storage null: nothing is kept */
  constructor(storage) {
    this.storage = storage;
    this.listeners = new Set(/** @type {(() => void)[]} */ ([]));
    /** @type {Choices} */
    this.choices = { theme: this.#theme(), language: this.#language(), singleKeys: this.#kept("singleKeys") !== "false" };
    /** @type {() => Choices} */
    this.get = () => this.choices;
    /** @type {(listener: () => void) => () => void} */
    this.subscribe = (listener) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    };
  }

  /**
   * @param {Partial<Choices>} chosen
   */
  choose(chosen) {
    this.choices = { ...this.choices, ...chosen };
    for (const [key, value] of Object.entries(chosen)) this.#keep(key, value === DEFAULTS[/** @type {keyof Choices} */ (key)] ? null : String(value));
    for (const listener of this.listeners) listener();
  }

  /** @returns {Choices["theme"]} */
  #theme() {
    return /** @type {Choices["theme"]} */ (this.#kept("theme") ?? DEFAULTS.theme);
  }

  /** @returns {Choices["language"]} */
  #language() {
    return /** @type {Choices["language"]} */ (this.#kept("language"));
  }

  /**
   * @param {keyof Choices} key
   * @returns {string | null}
   */
  #kept(key) {
    try {
      const value = this.storage?.getItem(PREFIX + key) ?? null;
      return value !== null && ALLOWED[key].includes(value) ? value : null;
    } catch {
      return null;
    }
  }

  /**
   * @param {string} key
   * @param {string | null} value
   */
  #keep(key, value) {
    try {
      if (value === null) this.storage?.removeItem(PREFIX + key);
      else this.storage?.setItem(PREFIX + key, value);
    } catch {
      // It holds until the page is closed.
    }
  }
}

/**
 * The language that a reader has chosen, else that of the browser.
 * @param {Choices} choices
 * @param {string} browser for instance navigator.language
 * @returns {"en" | "ko"}
 */
export function languageOf(choices, browser) {
  return choices.language ?? (browser.startsWith("ko") ? "ko" : "en");
}
