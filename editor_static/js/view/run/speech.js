// Words, moments and numbers as the reader reads them. Rule: no view holds a word of its own; everything comes from
// words-run.js in the language that is chosen.
import { WORDS } from "../../words-run.js";
import { language } from "../../language.js";

/** @import { Said } from "../../contract.js" */
/** @import { Usage } from "../../live/types.js" */

/** Whoever chooses another one loads the page anew. */
const LANGUAGE = language();

/**
 * One word or sentence; `{0}`, `{1}` … are filled with the arguments. One that begins with `@` is a moment.
 * @param {string} key
 * @param {...(string | number)} args
 * @returns {string}
 */
export function word(key, ...args) {
  const text = /** @type {Record<string, string>} */ (WORDS[LANGUAGE])[key] ?? /** @type {Record<string, string>} */ (WORDS.en)[key] ?? key;
  if (!args.length) return text;
  return text.replace(/\{(\d)\}/g, (_, place) => {
    const arg = String(args[Number(place)] ?? "");
    return /^@\d{4}-\d\d-\d\dT/.test(arg) ? moment(arg.slice(1)) : arg;
  });
}

/** @param {Said} said */
export function say(said) {
  return word(...said);
}

/**
 * A moment: the time today, else the day too.
 * @param {string | number | null | undefined} at ISO text or ms since 1970
 * @param {boolean} [isExact] with milliseconds
 */
export function moment(at, isExact = false) {
  if (at === null || at === undefined || at === "") return "";
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const day = isToday ? {} : { month: "short", day: "numeric" };
  return date.toLocaleString(LANGUAGE, { ...day, hour: "2-digit", minute: "2-digit", second: isToday || isExact ? "2-digit" : undefined, fractionalSecondDigits: isExact ? 3 : undefined, hourCycle: "h23" });
}

/**
 * A time span: "0.4 s", "12 s", "3 min 5 s", "2 h 10 min".
 * @param {number} ms
 */
export function span(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 0.0995) return word("span.ms", Math.max(0, Math.round(ms)));
  if (seconds < 9.95) return word("span.s", Number(seconds.toFixed(1)).toLocaleString(LANGUAGE));
  const whole = Math.round(seconds);
  if (whole < 60) return word("span.s", whole);
  if (whole < 3600) return whole % 60 ? word("span.minS", Math.floor(whole / 60), whole % 60) : word("span.min", whole / 60);
  if (whole < 86400) return word("span.hMin", Math.floor(whole / 3600), Math.floor((whole % 3600) / 60));
  return word("span.dH", Math.floor(whole / 86400), Math.floor((whole % 86400) / 3600));
}

/**
 * How long ago, in one word as short as it goes.
 * @param {number} ms
 */
export function ago(ms) {
  return ms < 5000 ? word("span.now") : word("span.ago", span(ms < 60_000 ? Math.floor(ms / 1000) * 1000 : Math.floor(ms / 60_000) * 60_000));
}

/** @param {number} count */
export function number(count) {
  return count.toLocaleString(LANGUAGE);
}

/** @param {number | null} usd */
export function money(usd) {
  if (usd === null) return word("usage.unpriced");
  const digits = usd === 0 || usd >= 1 ? 2 : 4;
  return `$${usd.toLocaleString(LANGUAGE, { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** @param {Usage} usage */
export function usageWords(usage) {
  return [usage.tokens ? word("usage.tokens", number(usage.tokens)) : "", usage.tokens || usage.usd ? money(usage.usd) : "", usage.toolCalls ? word(usage.toolCalls === 1 ? "usage.call" : "usage.calls", number(usage.toolCalls)) : ""].filter(Boolean).join(" · ");
}

export { language };
