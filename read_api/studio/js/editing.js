/**
 * One block while somebody types into it: saves on a pause, resolves what others did meanwhile, and never
 * puts a foreign text over an unsaved one.
 */

import { Problem, explain } from "./api.js";
import { changedFields, rebaseText, same } from "./merge.js";

const PAUSE_MS = 500;
const RETRY_MS = 4_000;

/**
 * @typedef {Record<string, any>} Content
 * @typedef {{kind: "typing" | "saving"} | {kind: "saved", position: number} | {kind: "failed", message: string} | {kind: "clean"}} SaveStatus
 * @typedef {{current: import("./state.js").Block, mine: Content, base: Content}} Conflict
 * @typedef {object} SessionPort
 * @property {(status: SaveStatus) => void} onStatus
 * @property {(conflict: Conflict) => Promise<"mine" | "theirs">} resolve  asks the person
 *
 * @typedef {{value: () => Content, set: (content: Content) => void}} Fields
 */

/** From the first key to the last save. */
export class EditSession {
  /** What the server has, as far as this session knows. @type {Content} */ #synced;
  #version;
  /** What Escape goes back to. @type {Content} */ #original;
  /** Fields that this session has saved. @type {Set<string>} */ #touched = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {Promise<boolean> | null} */ #saving = null;
  #ended = false;

  /**
   * @param {import("./project.js").ProjectSession} project
   * @param {import("./state.js").Block} block
   * @param {Fields} fields
   * @param {SessionPort} port
   */
  constructor(project, block, fields, port) {
    this.project = project;
    this.blockId = block.id;
    this.fields = fields;
    this.port = port;
    this.#synced = block.content;
    this.#original = block.content;
    this.#version = block.version;
  }

  get dirty() {
    return Object.keys(this.unsaved()).length > 0;
  }

  /** A save is under way. */
  get busy() {
    return this.#saving !== null;
  }

  /** @returns {Content} */
  unsaved() {
    return changedFields(this.#synced, this.fields.value());
  }

  /** Something was typed. */
  input() {
    if (this.#ended) return;
    this.project.unsaved.add(this);
    this.port.onStatus({ kind: "typing" });
    this.#schedule(PAUSE_MS);
  }

  /** @param {number} ms */
  #schedule(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), ms);
  }

  /**
   * Take in a newer version made elsewhere.
   * @param {import("./state.js").Block} block
   * @returns {boolean} false when it has to wait for the save, because there is unsaved text
   */
  noteRemote(block) {
    if (block.version <= this.#version) return true;
    if (this.dirty || this.#saving) return false;
    this.#adopt(block);
    return true;
  }

  /** @param {import("./state.js").Block} block */
  #adopt(block) {
    this.fields.set(block.content);
    this.#synced = block.content;
    this.#original = block.content;
    this.#version = block.version;
    this.#touched.clear();
  }

  /**
   * Save what is unsaved now. What is typed meanwhile is saved after the next pause.
   * @returns {Promise<boolean>} whether the server has it
   */
  flush() {
    clearTimeout(this.#timer);
    this.#saving ??= this.#save().finally(() => {
      this.#saving = null;
      if (!this.dirty) this.project.unsaved.delete(this);
    });
    return this.#saving;
  }

  /** Save everything and end. @returns {Promise<boolean>} false: the text is still only here */
  async close() {
    // Twice at most: once for a save under way, once for what was typed during it.
    for (let i = 0; i < 3; i += 1) {
      if (!(await this.flush())) return false;
      if (!this.dirty) break;
    }
    this.#end();
    return true;
  }

  /** Give up without saving. */
  abandon() {
    this.#end();
  }

  #end() {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.project.unsaved.delete(this);
  }

  /** Go back to what was there when editing began, also where a pause has saved already. @returns {Promise<void>} */
  async cancel() {
    const saving = this.#saving;
    this.#end();
    if (saving) await saving;
    const back = Object.fromEntries([...this.#touched].filter((f) => !same(this.#original[f], this.#synced[f])).map((f) => [f, this.#original[f]]));
    if (!Object.keys(back).length) return this.port.onStatus({ kind: "clean" });
    const answer = await this.project.edit(this.blockId, back, this.#version, "reject");
    this.port.onStatus({ kind: "saved", position: answer.position });
    return undefined;
  }

  /** @returns {Promise<boolean>} */
  async #save() {
    const value = this.fields.value();
    const changes = changedFields(this.#synced, value);
    if (!Object.keys(changes).length) {
      if (!this.#ended) this.port.onStatus({ kind: "clean" });
      return true;
    }
    this.port.onStatus({ kind: "saving" });
    try {
      await this.#send(changes, value);
    } catch (error) {
      this.port.onStatus({ kind: "failed", message: explain(error) });
      if (error instanceof Problem && error.passing && !this.#ended) this.#schedule(RETRY_MS);
      return false;
    }
    if (this.dirty && !this.#ended) this.#schedule(PAUSE_MS);
    return true;
  }

  /**
   * @param {Content} changes
   * @param {Content} value  all fields as they were when the save began
   * @param {"last-write-wins"} [onConflict]
   * @returns {Promise<void>}
   */
  async #send(changes, value, onConflict) {
    try {
      const answer = await this.project.edit(this.blockId, changes, this.#version, onConflict);
      await this.#accept(answer, changes, value);
    } catch (error) {
      const current = error instanceof Problem && error.code === "version-conflict" ? error.body.current : null;
      if (!current) throw error;
      await this.#settle(current, changes, value);
    }
  }

  /** @param {import("./api.js").Answer} answer @param {Content} changes @param {Content} value */
  async #accept(answer, changes, value) {
    for (const field of Object.keys(changes)) this.#touched.add(field);
    this.#synced = { ...this.#synced, ...changes };
    this.#version = answer.streams.find((s) => s.id === this.blockId)?.version ?? this.#version;
    if (answer.outcome === "merged") await this.#takeMerge(answer.position, value);
    this.port.onStatus({ kind: "saved", position: answer.position });
  }

  /** The server put two people's words together: show the result, with what was typed since. @param {number} position @param {Content} sent */
  async #takeMerge(position, sent) {
    const merged = await this.project.fetchBlock(this.blockId, position);
    const now = this.fields.value();
    const next = Object.fromEntries(Object.entries(now).map(([field, mine]) => {
      const [base, theirs] = [sent[field], merged.content[field]];
      if (same(mine, base)) return [field, theirs];
      return [field, typeof mine === "string" ? rebaseText(base, mine, theirs) ?? mine : mine];
    }));
    this.fields.set({ ...merged.content, ...next });
    this.#synced = merged.content;
    this.#version = merged.version;
  }

  /**
   * The block has changed since. Where that was in other fields there is nothing to ask.
   * @param {import("./state.js").Block} current
   * @param {Content} changes
   * @param {Content} value
   */
  async #settle(current, changes, value) {
    const fields = Object.keys(changes);
    const apart = fields.every((f) => same(current.content[f], this.#synced[f]) || same(current.content[f], changes[f]));
    const choice = apart && !current.deleted ? "mine" : await this.port.resolve({ current, mine: changes, base: this.#synced });
    if (choice === "theirs") {
      this.#adopt(current);
      this.port.onStatus({ kind: "clean" });
      return;
    }
    if (current.deleted) current = { ...current, version: await this.project.restore(current.id) };
    // Escape then means: as if only they had edited.
    this.#original = current.content;
    this.#synced = current.content;
    this.#version = current.version;
    await this.#send(changes, value, apart ? undefined : "last-write-wins");
  }
}
