// The server's interface as the editor uses it. Rule: every refusal is a Problem with its code; nothing is retried blindly.
/** @import { Reply, Told } from "./contract.js" */

/** The path under which weft is served: what stands before /static. */
export const ROOT = new URL("../../", import.meta.url).pathname;

/** What the server said against a request (RFC 9457). */
export class Problem extends Error {
  /** @param {Partial<Told>} told */
  constructor(told) {
    super(told.detail ?? "the server could not be reached");
    this.code = told.code ?? "unreachable";
    this.status = told.status ?? 0;
    this.hint = told.hint ?? null;
    this.where = told.where ?? null;
    this.told = told;
  }
}

/**
 * What the server answered, whatever the status. Rejects if it cannot be reached.
 * @param {string} method
 * @param {string} path below the root, without a leading slash
 * @param {string} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Reply>}
 */
export async function ask(method, path, body, headers) {
  /** @type {RequestInit} */
  const options = { method, headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers } };
  if (body !== undefined) options.body = body;
  const answer = await fetch(ROOT + path.replace(/^\//, ""), options);
  return { status: answer.status, etag: (answer.headers.get("etag") ?? "").replaceAll('"', "") || null, text: await answer.text() };
}

/**
 * The JSON value of an answer.
 * @param {string} method
 * @param {string} path
 * @param {any} [body] as a value
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
export async function value(method, path, body, headers) {
  let reply;
  try {
    reply = await ask(method, path, body === undefined ? undefined : JSON.stringify(body), headers);
  } catch {
    throw new Problem({});
  }
  const told = reply.text ? parsed(reply.text) : null;
  if (reply.status >= 400) throw new Problem({ status: reply.status, ...told });
  return told;
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { detail: text.slice(0, 200) };
  }
}
