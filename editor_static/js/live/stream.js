// One line to the server, kept open while it is of use. Rule: one EventSource at a time; a tab that nobody looks at for a
// while closes it and comes back where it was (`?after=`), as the browser itself does after a break (Last-Event-ID). What
// is told twice is dropped by its number further in, so a line that breaks costs nothing but time.

/**
 * What of a browser's EventSource is used.
 * @typedef {object} Source
 * @property {number} readyState
 * @property {(type: string, act: (event: any) => void) => void} addEventListener
 * @property {() => void} close
 */

/**
 * @typedef {object} Surroundings
 * @property {(url: string) => Source} open
 * @property {() => boolean} isHidden whether nobody looks at the tab
 * @property {(act: () => void) => () => void} onVisibility call back when that changes; returns what ends it
 * @property {(ms: number, act: () => void) => () => void} after
 */

/** @typedef {"connecting" | "live" | "lost" | "resting" | "over"} LineState */

/** A tab that was hidden for so long closes its line. */
export const REST_AFTER_MS = 60_000;
const CLOSED = 2;
/** A line that the server refused is tried again after so long. */
const AGAIN_MS = 3_000;

export class Stream {
  #url;
  #on;
  #around;
  /** @type {Source | null} */
  #source = null;
  /** @type {(() => void) | null} */
  #forgetRest = null;
  #stopWatching;
  #isOver = false;

  /**
   * @param {() => string} url with the number to go on after; asked each time a line is opened
   * @param {{events: Record<string, (value: any, id: string) => void>, state: (state: LineState) => void}} on by type; "message" for the plain ones
   * @param {Surroundings} around
   */
  constructor(url, on, around) {
    this.#url = url;
    this.#on = on;
    this.#around = around;
    this.#stopWatching = around.onVisibility(() => this.#looked());
    this.#open();
  }

  #open() {
    if (this.#isOver || this.#source) return;
    this.#on.state("connecting");
    const source = this.#around.open(this.#url());
    this.#source = source;
    for (const [type, act] of Object.entries(this.#on.events)) {
      source.addEventListener(type, (event) => this.#source === source && act(JSON.parse(event.data), event.lastEventId ?? ""));
    }
    source.addEventListener("open", () => this.#source === source && this.#on.state("live"));
    source.addEventListener("error", () => {
      if (this.#source !== source) return;
      this.#on.state("lost");
      // The browser comes back by itself unless it was told that there is nothing, or was refused.
      if (source.readyState === CLOSED) {
        this.#source = null;
        this.#around.after(AGAIN_MS, () => this.#open());
      }
    });
  }

  #looked() {
    this.#forgetRest?.();
    this.#forgetRest = null;
    if (this.#isOver) return;
    if (!this.#around.isHidden()) return this.#open();
    this.#forgetRest = this.#around.after(REST_AFTER_MS, () => {
      this.#source?.close();
      this.#source = null;
      this.#on.state("resting");
    });
  }

  /** Open the line anew after what is known by now: something was missing. */
  again() {
    this.#source?.close();
    this.#source = null;
    this.#open();
  }

  /** There is nothing more to be told. */
  close() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#forgetRest?.();
    this.#stopWatching();
    this.#source?.close();
    this.#source = null;
    this.#on.state("over");
  }
}
