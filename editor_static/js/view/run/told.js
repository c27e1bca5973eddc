// What is told of one execution wherever it is: when it ran and what it used, its attempts, its resolved input. Rule: an
// input is shown as exact only where it stands in the journal or has the hash that stands there.
import { h, useEffect, useState } from "../../../vendor/flow.js";
import { derivedInput } from "../../live/inputs.js";
import { Badge } from "./badge.js";
import { moment, span, usageWords, word } from "./speech.js";

/** @import { Json } from "../../contract.js" */
/** @import { RunStore } from "../../live/run.js" */
/** @import { Record as ExecutionRecord } from "../../live/record.js" */

/**
 * @param {ExecutionRecord} record
 * @param {number} now
 * @param {boolean} isOver
 */
export function times(record, now, isOver) {
  if (record.startedAt === null) return "";
  const end = record.endedAt ?? (isOver ? null : now);
  const parts = [moment(record.startedAt), end === null ? "" : span(record.endedAt === null ? Math.floor((end - record.startedAt) / 1000) * 1000 : end - record.startedAt), usageWords(record.usage)];
  return parts.filter(Boolean).join(" · ");
}

/**
 * The resolved input: from the journal, or filled in again and checked against the hash that the journal has.
 * @param {RunStore} store
 * @param {ExecutionRecord} record
 * @returns {{value: Json | undefined, note: string}}
 */
export function useInput(store, record) {
  const [derived, setDerived] = useState(/** @type {{hash: string, value: Json | undefined} | null} */ (null));
  const { execution, input, inputHash } = record;
  useEffect(() => {
    if (!inputHash || input !== undefined) return;
    let isGone = false;
    void derivedInput(store.chronicle, store.steps, execution, store.id, inputHash).then((value) => !isGone && setDerived({ hash: inputHash, value }));
    return () => void (isGone = true);
  }, [store, execution, input, inputHash]);
  if (input !== undefined) return { value: input, note: "" };
  if (!inputHash || derived?.hash !== inputHash) return { value: undefined, note: "" };
  return derived.value === undefined ? { value: undefined, note: word("detail.hashOnly", inputHash.slice(0, 12)) } : { value: derived.value, note: word("detail.derived") };
}

/** @param {{record: ExecutionRecord}} props */
export function Attempts({ record }) {
  return h(
    "ol",
    { className: "attempts" },
    record.attempts.map((attempt, place) =>
      h(
        "li",
        { key: place },
        h(Badge, { status: attempt.status }, word("detail.attempt", attempt.number)),
        h("span", { className: "quiet" }, attempt.endedAt === null ? moment(attempt.startedAt) : `${moment(attempt.startedAt)} · ${span(attempt.endedAt - attempt.startedAt)}`),
        attempt.error ? h("span", { className: "attempt-error" }, `${attempt.error.class} · ${attempt.error.code}: ${attempt.error.message}`) : null,
        attempt.retryAt !== null ? h("span", { className: "quiet" }, word("detail.retryAt", moment(attempt.retryAt))) : null,
      ),
    ),
  );
}
