/** Who else is in the project, and where. Pure: what the socket says goes in, what views show comes out. */

/**
 * @typedef {{block_id?: string | null, field?: string | null, offset?: number, x?: number, y?: number}} Cursor
 * @typedef {{block_id?: string | null, block_ids?: string[], field?: string | null, start?: number, end?: number}} Selection
 * @typedef {{session: string, user: string, since: string, block_id?: string | null, cursor?: Cursor, selection?: Selection}} Someone
 */

/** What is known of the others. */
export class Presence {
  /** By session. @type {Map<string, Someone>} */ #here = new Map();
  /** Sockets in all, more than are listed where very many are here. */
  total = 0;
  /** This page's own session. @type {string | null} */ session = null;

  /** A new socket: whoever was known may have gone. @param {string | null} session */
  begin(session) {
    this.session = session;
    this.#here.clear();
    this.total = 0;
  }

  /**
   * Take a `presence` or `cursor` message.
   * @param {any} message
   * @returns {boolean} whether it was one
   */
  take(message) {
    if (message.type === "presence") {
      this.#here = new Map(message.here.map((/** @type {Someone} */ one) => [one.session, one]));
      this.total = message.total;
      return true;
    }
    if (message.type !== "cursor") return false;
    const known = this.#here.get(message.session) ?? { session: message.session, user: message.user, since: "" };
    const { cursor = known.cursor, selection = known.selection, block_id: block = known.block_id } = message;
    this.#here.set(message.session, { ...known, cursor, selection, block_id: block });
    return true;
  }

  /** Everybody but this page, in the order of coming; this user's other windows too. @returns {Someone[]} */
  get others() {
    return [...this.#here.values()].filter((one) => one.session !== this.session);
  }

  /** How many sockets are not listed. */
  get unlisted() {
    return Math.max(0, this.total - this.#here.size);
  }

  /** Where somebody is: at what is selected, else where the pointer is. @param {Someone} one @returns {string | null} */
  static blockOf(one) {
    return one.selection?.block_id ?? one.cursor?.block_id ?? one.block_id ?? null;
  }

  /** Who has opened a block to write in it. @param {string} blockId @returns {Someone[]} */
  at(blockId) {
    return this.others.filter((one) => one.selection?.block_id === blockId);
  }
}
