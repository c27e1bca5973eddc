// Where a browser keeps the journals of documents: IndexedDB. Rule: what is appended is on the disk before the promise is
// kept (durability strict), and what belongs together is written together or not at all.

/** @import { Entry, Head, Roll, Shelf } from "../contract.d.ts" */

const DATABASE = "weft-journals";
const VERSION = 1;

/**
 * The shelf of this browser; null where it gives none (private windows of some browsers, storage switched off).
 * @param {IDBFactory | null} factory
 * @param {string} [name]
 * @returns {Promise<Shelf | null>}
 */
export async function openShelf(factory, name = DATABASE) {
  if (!factory) return null;
  try {
    return new IndexedDbShelf(await opened(factory, name));
  } catch {
    return null;
  }
}

/**
 * @param {IDBFactory} factory
 * @param {string} name
 * @returns {Promise<IDBDatabase>}
 */
function opened(factory, name) {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, VERSION);
    request.onupgradeneeded = () => {
      const database = request.result;
      database.createObjectStore("heads", { keyPath: ["name", "session"] });
      database.createObjectStore("rolls", { keyPath: ["name", "session"] });
      database.createObjectStore("entries", { keyPath: ["name", "session", "n"] });
    };
    request.onsuccess = () => {
      // Another tab with a newer weft must not wait for this one.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("the storage is held by an older tab"));
  });
}

/** @implements {Shelf} */
class IndexedDbShelf {
  /** @param {IDBDatabase} database */
  constructor(database) {
    this.database = database;
  }

  /**
   * @param {string} name
   * @returns {Promise<Head[]>}
   */
  heads(name) {
    return this.#read("heads", (store) => store.getAll(IDBKeyRange.bound([name], [name, []])));
  }

  /**
   * @param {string} name
   * @param {string} session
   * @returns {Promise<{ roll: Roll | null, entries: Entry[] }>}
   */
  async rest(name, session) {
    const roll = await this.#read("rolls", (store) => store.get([name, session]));
    const entries = await this.#read("entries", (store) => store.getAll(allOf(name, session)));
    return { roll: roll ?? null, entries };
  }

  /**
   * @param {readonly Entry[]} entries
   * @returns {Promise<void>}
   */
  append(entries) {
    return this.#write(["entries"], (transaction) => {
      for (const entry of entries) transaction.objectStore("entries").put(entry);
    });
  }

  /**
   * @param {Head} head
   * @param {Roll | null} roll where given, it takes the place of all entries up to it
   * @returns {Promise<void>}
   */
  keep(head, roll) {
    return this.#write(["heads", "rolls", "entries"], (transaction) => {
      transaction.objectStore("heads").put(head);
      if (!roll) return;
      transaction.objectStore("rolls").put(roll);
      transaction.objectStore("entries").delete(IDBKeyRange.bound([head.name, head.session, 0], [head.name, head.session, roll.n]));
    });
  }

  /**
   * @param {string} name
   * @param {string} session
   * @returns {Promise<void>}
   */
  drop(name, session) {
    return this.#write(["heads", "rolls", "entries"], (transaction) => {
      transaction.objectStore("heads").delete([name, session]);
      transaction.objectStore("rolls").delete([name, session]);
      transaction.objectStore("entries").delete(allOf(name, session));
    });
  }

  close() {
    this.database.close();
  }

  /**
   * @param {string} store
   * @param {(store: IDBObjectStore) => IDBRequest<any>} ask
   * @returns {Promise<any>}
   */
  #read(store, ask) {
    return new Promise((resolve, reject) => {
      const request = ask(this.database.transaction(store).objectStore(store));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  /**
   * @param {string[]} stores
   * @param {(transaction: IDBTransaction) => void} act
   * @returns {Promise<void>}
   */
  #write(stores, act) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(stores, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the storage refused"));
      act(transaction);
    });
  }
}

/**
 * @param {string} name
 * @param {string} session
 */
function allOf(name, session) {
  return IDBKeyRange.bound([name, session, 0], [name, session, Infinity]);
}
