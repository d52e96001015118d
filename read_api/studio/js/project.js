/** An open project: its state, kept up to date by the live socket, and the commands on it. */

import { Problem } from "./api.js";
import { newId } from "./ids.js";
import { LiveConnection } from "./live.js";
import { Presence } from "./presence.js";
import { applyEvent, initialState, slideOf, withBlock, withNewer, withOwnEdit } from "./state.js";

const PAGE = 500;
/** How long our own event may take to come by the socket before it is fetched instead. */
const PATIENCE_MS = 900;
const RELOAD_PAUSE_MS = 3_000;

/**
 * What two people made of one thing: both sides are kept until somebody settles it.
 * @typedef {{id: string, block_id: string, field: string, item: string | null, part: string | null, base: any, theirs: any, mine: any,
 *   actors: {theirs: string, mine: string}, winner: "mine" | "theirs", resolved: boolean, position: number, created_at: string}} Clash
 */

/**
 * Tells views what happened: `change` (the state is another), `deck-event` (detail: event and whether this
 * page caused it), `job` (detail: how far a job is), `written` (detail: the position of a command of ours), `live` (detail: the socket's state), `started-over` (the log is
 * another one), `end` (detail: why there is no going on), `presence` (others came, went or moved), `conflicts` (there are
 * others than before), `clash` (detail: a conflict that has just come up, and this person is a part of it).
 */
export class ProjectSession extends EventTarget {
  /** Sessions with text that the server does not have. @type {Set<object>} */
  unsaved = new Set();
  presence = new Presence();
  /** What could not be merged and nobody has settled, the oldest first. @type {Clash[]} */
  conflicts = [];
  /** @type {import("./live.js").LiveState} */ liveState = "connecting";
  /** @type {LiveConnection} */ #live;
  /** Edits of a block go one after the other. @type {Map<string, Promise<any>>} */ #queues = new Map();
  /** By block: versions that our own edit replaced, and by which. @type {Map<string, Map<number, number>>} */ #lifts = new Map();
  /** @type {Promise<void> | null} */ #reloading = null;
  /** @type {Map<string, Promise<string>>} */ #assets = new Map();
  /** Events that come while a snapshot is being loaded: it may lack them. @type {import("./state.js").DeckEvent[] | null} */
  #meanwhile = null;
  #closed = false;

  /** @param {import("./api.js").Api} api @param {string} me @param {import("./state.js").State} state */
  constructor(api, me, state) {
    super();
    this.api = api;
    this.me = me;
    this.state = state;
    this.#live = new LiveConnection(state.project.id, api.token, {
      after: () => this.state.position,
      onEvent: (event) => this.#receive(event),
      onJob: (job) => this.#tell("job", job),
      onState: (live) => {
        this.liveState = live;
        this.#tell("live", live);
      },
      onNote: (message) => this.#note(message),
      onReset: () => void this.#startOver(),
      onEnd: (why) => this.#end(why),
      probe: () => this.#probe(),
    });
  }

  /**
   * Load a project and follow it.
   * @param {import("./api.js").Api} api
   * @param {string} me
   * @param {string} id
   * @param {number} [minPosition]
   */
  static async open(api, me, id, minPosition = 0) {
    return new ProjectSession(api, me, await load(api, id, minPosition));
  }

  start() {
    this.#live.start();
    void this.loadConflicts();
  }

  /**
   * Tell the others where one is.
   * @param {"cursor" | "selection"} type
   * @param {import("./presence.js").Cursor | import("./presence.js").Selection} place
   */
  here(type, place) {
    this.#live.tell(type, place);
  }

  /** @param {any} message */
  #note(message) {
    if (message.type === "welcome") {
      this.presence.begin(message.session ?? null);
      this.#tell("presence");
    } else if (this.presence.take(message)) this.#tell("presence");
    else if (message.type === "conflict") {
      this.#conflictsAre([...this.conflicts.filter((c) => c.id !== message.id), message]);
      if (Object.values(message.actors).includes(this.me)) this.#tell("clash", message);
    }
  }

  /** @param {Clash[]} conflicts */
  #conflictsAre(conflicts) {
    this.conflicts = conflicts;
    this.#tell("conflicts");
  }

  /** Ask which conflicts there are, and begin to hear of new ones. */
  async loadConflicts() {
    try {
      const { body } = await this.api.get(`/projects/${this.id}/conflicts`, { resolved: false, limit: PAGE, min_position: this.state.position });
      const told = new Set(body.items.map((/** @type {Clash} */ c) => c.id));
      const newer = this.conflicts.filter((c) => !told.has(c.id) && c.position > this.state.position);
      this.#conflictsAre([...body.items, ...newer]);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // They are asked for again when the page is opened anew; new ones come by the socket.
    }
  }

  /**
   * Settle a conflict.
   * @param {Clash} conflict
   * @param {"mine" | "theirs" | "value"} choice
   * @param {any} [value]
   */
  async settle(conflict, choice, value) {
    await this.#command("resolve-conflict", { conflict_id: conflict.id, choice, ...(choice === "value" ? { value } : {}) });
    this.#conflictsAre(this.conflicts.filter((c) => c.id !== conflict.id));
  }

  close() {
    this.#closed = true;
    this.#live.stop();
    for (const url of this.#assets.values()) url.then((u) => URL.revokeObjectURL(u), () => {});
  }

  get id() {
    return this.state.project.id;
  }

  /** @param {string} id */
  block(id) {
    return this.state.blocks.get(id) ?? null;
  }

  /** @param {string} type @param {any} [detail] */
  #tell(type, detail) {
    if (!this.#closed) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** @param {import("./state.js").State} state */
  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.#tell("change");
  }

  /** @param {import("./state.js").DeckEvent} event */
  #receive(event) {
    if (event.position <= this.state.position) return;
    this.#meanwhile?.push(event);
    const before = this.state.blocks.get(event.stream.id) ?? null;
    const next = applyEvent(this.state, event, this.me);
    this.#become(next);
    this.#tell("deck-event", { event, before, own: this.api.isOwn(event.command_id) });
    if (event.event === "conflict-resolved") this.#conflictsAre(this.conflicts.filter((c) => c.id !== event.data.conflict_id));
    if (next.incomplete) void this.reload(event.position);
  }

  /** @param {import("./live.js").End} why */
  #end(why) {
    this.#tell("end", why);
  }

  /** @returns {Promise<"token" | "access" | null>} */
  async #probe() {
    try {
      await this.api.get(`/projects/${this.id}`);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return "token";
      if (error instanceof Problem && (error.status === 403 || error.status === 404)) return "access";
    }
    return null;
  }

  /** The log is another one: positions known so far mean nothing any more. */
  async #startOver() {
    this.#live.hold();
    for (;;) {
      try {
        this.#become(await load(this.api, this.id, 0));
        this.#tell("started-over");
        this.#conflictsAre([]);
        void this.loadConflicts();
        break;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (!error.passing) return void this.#end(error.status === 401 ? "token" : "access");
        await new Promise((done) => setTimeout(done, RELOAD_PAUSE_MS));
        if (this.#closed) return;
      }
    }
    this.#live.resume();
  }

  /** Load everything again, at least as new as what is here. @param {number} minPosition */
  async reload(minPosition) {
    this.#reloading ??= this.#load(Math.max(minPosition, this.state.position)).finally(() => void (this.#reloading = null));
    await this.#reloading;
  }

  /** @param {number} minPosition */
  async #load(minPosition) {
    this.#meanwhile = [];
    try {
      const loaded = withNewer(await load(this.api, this.id, minPosition), this.state);
      this.#become(this.#meanwhile.reduce((state, event) => applyEvent(state, event, this.me), loaded));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // The live socket tells of a lost service; what was missing is fetched when it is back.
      setTimeout(() => this.state.incomplete && !this.#closed && void this.reload(minPosition), RELOAD_PAUSE_MS);
    } finally {
      this.#meanwhile = null;
    }
  }

  /** Wait until the page shows a position: by the socket, or by loading. @param {number} position */
  async #shown(position) {
    const by = performance.now() + (this.liveState === "live" ? PATIENCE_MS : 0);
    while (this.state.position < position && performance.now() < by) {
      await new Promise((done) => {
        this.addEventListener("change", done, { once: true });
        setTimeout(done, 60);
      });
    }
    for (let i = 0; i < 3 && this.state.position < position; i += 1) await this.reload(position);
  }

  /**
   * Edit fields of a block.
   * @param {string} id
   * @param {Record<string, any>} changes
   * @param {number} [baseVersion]
   * @param {"last-write-wins" | "reject"} [onConflict]
   * @returns {Promise<import("./api.js").Answer>}
   */
  edit(id, changes, baseVersion, onConflict) {
    const before = this.#queues.get(id) ?? Promise.resolve();
    const run = before.catch(() => {}).then(async () => {
      const lifts = this.#lifts.get(id) ?? new Map();
      let base = baseVersion;
      while (base !== undefined && lifts.has(base)) base = lifts.get(base);
      const answer = await this.api.command("edit-block", {
        project_id: this.id, block_id: id, changes,
        ...(base === undefined ? {} : { base_version: base }), ...(onConflict ? { on_conflict: onConflict } : {}),
      });
      const version = answer.streams.find((s) => s.id === id)?.version;
      if (answer.outcome === "applied" && version !== undefined && base !== undefined && version === base + 1) {
        this.#lifts.set(id, lifts.set(base, version));
        this.#become(withOwnEdit(this.state, id, changes, version, answer.position));
      } else if (answer.outcome !== "unchanged") void this.#shown(answer.position);
      return answer;
    });
    this.#queues.set(id, run);
    return run;
  }

  /** Any other command, done when the page shows what it did. @param {string} name @param {Record<string, any>} body */
  async #command(name, body) {
    const answer = await this.api.command(name, { project_id: this.id, ...body });
    this.#tell("written", answer.position);
    await this.#shown(answer.position);
    return answer;
  }

  /** @param {string} id @param {number} minPosition @returns {Promise<import("./state.js").Block>} */
  async fetchBlock(id, minPosition) {
    const { body } = await this.api.get(`/projects/${this.id}/blocks/${id}`, { min_position: minPosition });
    this.#become(withBlock(this.state, body));
    return body;
  }

  /**
   * @param {string} type
   * @param {Record<string, any>} content
   * @param {{parent_id?: string, after_id?: string, before_id?: string}} place
   * @returns {Promise<string>} its id, once it is shown
   */
  async add(type, content, place) {
    const id = newId();
    await this.#command("add-block", { block_id: id, type, content, ...place });
    return id;
  }

  /** @param {string} id @param {{parent_id?: string, after_id?: string, before_id?: string}} place */
  async move(id, place) {
    await this.#command("move-block", { block_id: id, ...place });
  }

  /** @param {string} id */
  async remove(id) {
    await this.#command("delete-block", { block_id: id });
  }

  /** @param {string} id @returns {Promise<number>} the block's version */
  async restore(id) {
    const answer = await this.#command("undelete-block", { block_id: id });
    return answer.streams.find((s) => s.id === id)?.version ?? this.block(id)?.version ?? 1;
  }

  /**
   * Any command on the project itself.
   * @param {"rename-project" | "grant-access" | "revoke-access" | "archive-project" | "unarchive-project"} name
   * @param {Record<string, any>} [body]
   */
  run(name, body = {}) {
    return this.#command(name, body);
  }

  /** @param {string | null} cursor */
  async history(cursor) {
    const { body } = await this.api.get(`/projects/${this.id}/history`, {
      order: "desc", limit: 50, cursor, min_position: cursor ? null : this.api.lastWrite ? this.state.position : null,
    });
    return /** @type {{items: import("./state.js").DeckEvent[], next_cursor: string | null}} */ (body);
  }

  /** An asset as an address that an <img> can load: it cannot send the token itself. @param {string} id */
  assetUrl(id) {
    let url = this.#assets.get(id);
    if (!url) {
      url = this.api.blob(`/assets/${encodeURIComponent(id)}`).then((blob) => URL.createObjectURL(blob));
      url.catch(() => this.#assets.delete(id));
      this.#assets.set(id, url);
    }
    return url;
  }

  /** @param {string} id */
  isShown(id) {
    return slideOf(this.state, id) !== null;
  }
}

/**
 * @param {import("./api.js").Api} api
 * @param {string} id
 * @param {number} minPosition
 * @returns {Promise<import("./state.js").State>}
 */
async function load(api, id, minPosition) {
  const wait = minPosition ? { min_position: minPosition } : {};
  const [project, first] = await Promise.all([
    api.get(`/projects/${id}`, wait),
    api.get(`/projects/${id}/blocks`, { limit: PAGE, ...wait }),
  ]);
  const pages = [first];
  while (pages[pages.length - 1].body.next_cursor) {
    pages.push(await api.get(`/projects/${id}/blocks`, { limit: PAGE, cursor: pages[pages.length - 1].body.next_cursor, ...wait }));
  }
  const blocks = pages.flatMap((page) => page.body.items);
  // The oldest of the snapshots: newer events are then told again, and each document skips what it has.
  const told = [project, ...pages].map((page) => page.position).filter((p) => p !== null);
  const position = told.length ? Math.min(...told) : Math.max(project.body.position ?? 0, ...blocks.map((b) => b.position ?? 0));
  return initialState(project.body, blocks, position);
}
