// The server's interface as this page uses it. Rule: every refusal is a Problem with its code; nothing is retried blindly.

/** The path under which weft is served: what stands before /static. */
export const ROOT = new URL("../../", import.meta.url).pathname;

/** What the server said against a request (RFC 9457). */
export class Problem extends Error {
  /** @param {any} told */
  constructor(told) {
    super(told.detail ?? "the server could not be reached");
    this.code = told.code ?? "unreachable";
    this.status = told.status ?? 0;
    this.hint = told.hint ?? null;
    this.where = told.where ?? null;
  }
}

/**
 * Ask the server; the answer's JSON, or null where there is none.
 * @param {string} method
 * @param {string} path below the root, without a leading slash
 * @param {any} [body]
 * @returns {Promise<any>}
 */
export async function ask(method, path, body) {
  /** @type {RequestInit} */
  const options = { method, headers: { accept: "application/json" } };
  if (method !== "GET" && method !== "DELETE") {
    options.headers = { accept: "application/json", "content-type": "application/json" };
    options.body = JSON.stringify(body ?? {});
  }
  let answer;
  try {
    answer = await fetch(ROOT + path, options);
  } catch {
    throw new Problem({});
  }
  const text = await answer.text();
  const value = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Problem(value ?? { status: answer.status });
  return value;
}

/**
 * Log in with a token.
 * @param {string} token
 */
export function logIn(token) {
  return ask("POST", "api/session", { token });
}

/**
 * An SVG document of the server, without a style sheet of its own: the page has the same rules.
 * @param {string} path
 * @returns {Promise<Document>}
 */
export function askPicture(path) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", `${ROOT}${path}?style=none`);
    request.responseType = "document";
    request.onload = () => (request.status === 200 && request.responseXML ? resolve(request.responseXML) : reject(new Problem({ status: request.status })));
    request.onerror = () => reject(new Problem({}));
    request.send();
  });
}
