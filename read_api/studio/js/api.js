/** HTTP: queries to the read API, commands to the write API, and their refusals. */

import { newId } from "./ids.js";

const ATTEMPTS = 5;
const TIMEOUT_MS = 20_000;
const REMEMBERED_COMMANDS = 2_000;

/**
 * @typedef {{position: number, project_id: string, streams: {id: string, kind: string, version: number}[],
 *   outcome: "applied" | "merged" | "overwritten" | "unchanged", conflicts: any[], result: any}} Answer
 * @typedef {{field: string, message: string, limit?: number}} FieldProblem
 */

/** A refusal by the service (problem+json), or no answer at all (`status` 0). */
export class Problem extends Error {
  /** @param {number} status @param {any} body @param {number} retryAfter seconds */
  constructor(status, body, retryAfter = 0) {
    super(body?.detail || body?.title || "The service could not be reached.");
    this.status = status;
    /** @type {string} */ this.code = body?.code ?? (status ? "unknown" : "offline");
    /** @type {FieldProblem[]} */ this.errors = body?.errors ?? [];
    /** @type {any} */ this.body = body ?? {};
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may be answered otherwise a little later. */
  get passing() {
    return this.status === 0 || this.status === 429 || (this.status >= 502 && this.status <= 504);
  }
}

/** Put a failure into a sentence for people. @param {unknown} error @returns {string} */
export function explain(error) {
  if (!(error instanceof Problem)) return "Something went wrong on this page.";
  if (error.code === "offline") return "The service could not be reached.";
  if (error.code === "rate-limited") return "That was too fast for your plan. Wait a moment and try again.";
  const first = error.errors[0];
  if (!first) return error.message;
  const limit = first.limit === undefined ? "" : ` (limit ${first.limit.toLocaleString()})`;
  return `${first.field.replace(/^(changes|content)\./, "")}: ${first.message}${limit}`;
}

const pause = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

/** Speaks for one logged-in person. */
export class Api {
  /** Ids of commands that this page sent, to tell its own events from those of other windows. @type {Set<string>} */
  #sent = new Set();
  #ended = false;

  /**
   * @param {string} token
   * @param {string} writeUrl  origin of the write API, "" for this one
   * @param {(message: string) => void} onRefused  called once when the token is not (or no longer) good
   */
  constructor(token, writeUrl, onRefused) {
    this.token = token;
    this.writeUrl = writeUrl.replace(/\/$/, "");
    this.onRefused = onRefused;
    /** Position of the last write, for lists that are to show it. */
    this.lastWrite = 0;
  }

  /** Stop reporting refusals: the person has logged out. */
  end() {
    this.#ended = true;
  }

  /** @param {string} commandId */
  isOwn(commandId) {
    return this.#sent.has(commandId);
  }

  /**
   * Ask the read API.
   * @param {string} path  below /api
   * @param {Record<string, string | number | boolean | null | undefined>} [query]
   * @returns {Promise<{body: any, position: number | null}>} the answer and the checkpoint it was read at
   */
  async get(path, query = {}) {
    const search = new URLSearchParams();
    for (const [k, v] of Object.entries(query)) if (v !== undefined && v !== null && v !== "") search.set(k, String(v));
    const url = `/api${path}${search.size ? `?${search}` : ""}`;
    const response = await this.#patiently(() => this.#fetch(url, { headers: this.#headers() }));
    const position = response.headers.get("X-Decklog-Position");
    return { body: await response.json(), position: position === null ? null : Number(position) };
  }

  /** Load a file behind the token, such as an asset. @param {string} path @returns {Promise<Blob>} */
  async blob(path) {
    const response = await this.#patiently(() => this.#fetch(`/api${path}`, { headers: this.#headers() }));
    return response.blob();
  }

  /**
   * Post a command. A retry carries the same key, so a lost answer never makes it happen twice.
   * @param {string} name
   * @param {Record<string, any>} body
   * @returns {Promise<Answer>}
   */
  async command(name, body) {
    const key = newId();
    this.#sent.add(key);
    if (this.#sent.size > REMEMBERED_COMMANDS) this.#sent.delete(this.#sent.values().next().value ?? "");
    const response = await this.#patiently(() => this.#fetch(`${this.writeUrl}/api/commands/${name}`, {
      method: "POST",
      headers: { ...this.#headers(), "Content-Type": "application/json", "Idempotency-Key": key },
      body: JSON.stringify(body),
    }));
    const answer = await response.json();
    this.lastWrite = Math.max(this.lastWrite, answer.position ?? 0);
    return answer;
  }

  #headers() {
    return { Authorization: `Bearer ${this.token}` };
  }

  /** @param {string} url @param {RequestInit} init */
  async #fetch(url, init) {
    /** @type {Response} */
    let response;
    try {
      response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch {
      throw new Problem(0, null);
    }
    if (response.ok) return response;
    const body = await response.json().catch(() => ({ title: `The service answered ${response.status}.` }));
    const problem = new Problem(response.status, body, Number(response.headers.get("Retry-After")) || 0);
    if (problem.status === 401 && !this.#ended) {
      this.#ended = true;
      this.onRefused("Your token is not accepted (any more). Log in again.");
    }
    throw problem;
  }

  /** @param {() => Promise<Response>} send */
  async #patiently(send) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof Problem) || !error.passing || attempt === ATTEMPTS || this.#ended) throw error;
        const backoff = 300 * 2 ** (attempt - 1) * (0.5 + Math.random());
        await pause(Math.min(Math.max(backoff, error.retryAfter * 1000), 10_000));
      }
    }
  }
}
