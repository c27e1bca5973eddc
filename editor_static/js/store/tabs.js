// Which tab this is, and whether another one still lives. Rule: a tab keeps its name over a reload; what a tab that is
// gone has left may be taken over, what a living one writes may not.

/** @import { Tabs } from "../contract.d.ts" */

const KEY = "weft-session";

/**
 * This browser's tabs.
 * @returns {Promise<Tabs>}
 */
export async function browserTabs() {
  const locks = globalThis.navigator?.locks;
  let session = kept();
  // A duplicated tab begins with the other one's name: the lock tells that it is taken.
  if (session === null || (locks && !(await held(locks, session)))) {
    session = drawn();
    keep(session);
    if (locks) await held(locks, session);
  }
  return {
    session,
    isAlive: async (other) => {
      if (!locks) return false;
      const { held: all = [] } = await locks.query();
      return all.some((lock) => lock.name === lockOf(other));
    },
  };
}

/**
 * Hold a lock for as long as this page lives; false where another page holds it.
 * @param {LockManager} locks
 * @param {string} session
 * @returns {Promise<boolean>}
 */
function held(locks, session) {
  return new Promise((resolve) => {
    const asked = locks.request(lockOf(session), { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    });
    asked.catch(() => resolve(true));
  });
}

/** @param {string} session */
function lockOf(session) {
  return `weft-tab-${session}`;
}

/** @returns {string | null} */
function kept() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {string} session */
function keep(session) {
  try {
    sessionStorage.setItem(KEY, session);
  } catch {
    // Without it a reload is another tab, which takes over what this one left.
  }
}

function drawn() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
