/** The live socket of one project: resumes where it stopped, backs off, and knows what is final. */

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 15_000;
const PING_MS = 25_000;
/** A line on which nothing comes for so long after a ping is dead, though nobody has said so. */
const SILENCE_MS = 10_000;
/** Where one is is told so often at most. */
const TELL_MS = 50;
/** After so many failures in a row the page says "offline" instead of "reconnecting". */
const PATIENCE = 4;

/** Close codes after which a new connection would be refused too. */
const FINAL = new Map([
  [1002, "protocol"],
  [1007, "protocol"],
  [1009, "protocol"],
  [4400, "protocol"],
  [4401, "token"],
  [4403, "access"],
  [4404, "access"],
  [4406, "protocol"],
]);

/**
 * @typedef {"token" | "access" | "protocol"} End  what is final: the token, the membership, or that page and service do not fit
 * @typedef {"live" | "connecting" | "offline"} LiveState
 * @typedef {object} LiveHandlers
 * @property {() => number} after  the position to resume from
 * @property {(event: import("./state.js").DeckEvent) => void} onEvent
 * @property {(job: any) => void} onJob  how far a job is
 * @property {(state: LiveState) => void} onState
 * @property {() => void} onReset  local state is worthless: load everything again
 * @property {(message: any) => void} onNote  what is no event: `welcome`, `presence`, `cursor`, `conflict`, `job`
 * @property {(why: End) => void} onEnd
 * @property {() => Promise<"token" | "access" | null>} probe  why connecting fails, if that is final
 */

/** Keeps one project's socket open. */
export class LiveConnection {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #ping;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #silence;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #telling;
  /** What is to be told of where one is, by type: the latest alone. @type {Map<string, any>} */ #places = new Map();
  /** @type {Set<string>} */ #unsaid = new Set();
  #welcomed = false;
  #failures = 0;
  /** How long the server asked to be left alone. */
  #waitMs = 0;
  #stopped = false;
  /** @type {string | null} */ #epoch = null;
  #online = () => this.#connect();
  #offline = () => {
    this.#drop();
    this.handlers.onState("offline");
  };

  /** @param {string} projectId @param {string} token @param {LiveHandlers} handlers */
  constructor(projectId, token, handlers) {
    this.projectId = projectId;
    this.token = token;
    this.handlers = handlers;
  }

  start() {
    addEventListener("online", this.#online);
    addEventListener("offline", this.#offline);
    this.#connect();
  }

  stop() {
    this.#stopped = true;
    removeEventListener("online", this.#online);
    removeEventListener("offline", this.#offline);
    this.#drop();
  }

  /** Cut the line without giving up: `resume` connects again. */
  hold() {
    this.#drop();
    this.handlers.onState("connecting");
  }

  resume() {
    this.#connect();
  }

  /**
   * Tell the others where one is, soon and at most 20 times a second; a new connection is told the latest again.
   * @param {"cursor" | "selection"} type
   * @param {any} place
   */
  tell(type, place) {
    this.#places.set(type, { type, ...place });
    this.#unsaid.add(type);
    this.#telling ??= setTimeout(() => this.#say(), TELL_MS);
  }

  #say() {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    if (!this.#socket || !this.#welcomed) return;
    for (const type of this.#unsaid) this.#socket.send(JSON.stringify(this.#places.get(type)));
    this.#unsaid.clear();
  }

  #askIfAlive() {
    this.#socket?.send('{"type":"ping"}');
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#failures += 1;
      this.#connect();
    }, SILENCE_MS);
  }

  #drop() {
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    clearInterval(this.#ping);
    this.#welcomed = false;
    const socket = this.#socket;
    this.#socket = null; // first, so that its close event is nobody's
    socket?.close();
  }

  #connect() {
    if (this.#stopped) return;
    this.#drop();
    this.handlers.onState(this.#failures >= PATIENCE || !navigator.onLine ? "offline" : "connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const url = `${scheme}://${location.host}/api/projects/${this.projectId}/live?after=${this.handlers.after()}`;
    const socket = new WebSocket(url, ["decklog.v1", `bearer.${this.token}`]);
    this.#socket = socket;
    socket.onmessage = (message) => {
      if (this.#socket === socket) this.#receive(message.data);
    };
    socket.onclose = (close) => {
      if (this.#socket === socket) this.#closed(close.code);
    };
  }

  /** @param {string} text */
  #receive(text) {
    /** @type {any} */
    const message = JSON.parse(text);
    clearTimeout(this.#silence);
    switch (message.type) {
      case "welcome": {
        const moved = this.#epoch !== null && message.epoch !== undefined && message.epoch !== this.#epoch;
        this.#epoch = message.epoch ?? this.#epoch;
        this.#failures = 0;
        this.handlers.onState("live");
        clearInterval(this.#ping);
        this.#ping = setInterval(() => this.#askIfAlive(), PING_MS);
        this.#welcomed = true;
        this.handlers.onNote(message);
        for (const type of this.#places.keys()) this.#unsaid.add(type);
        this.#say();
        if (moved) this.handlers.onReset();
        break;
      }
      case "event":
        this.handlers.onEvent(message);
        break;
      case "job":
        this.handlers.onJob(message);
        break;
      case "reset":
        this.handlers.onReset();
        break;
      case "bye": // its close follows
        this.#waitMs = message.retry_after_ms ?? 0;
        break;
      case "pong":
        break;
      default: // presence, cursors, conflicts, jobs, and whatever later versions say
        this.handlers.onNote(message);
    }
  }

  /** @param {number} code */
  async #closed(code) {
    this.#drop();
    const why = FINAL.get(code) ?? (this.#failures > 0 ? await this.handlers.probe() : null);
    if (this.#stopped || this.#socket) return;
    if (why) {
      this.stop();
      this.handlers.onEnd(/** @type {End} */ (why));
      return;
    }
    this.#failures += 1;
    this.handlers.onState(this.#failures >= PATIENCE || !navigator.onLine ? "offline" : "connecting");
    const ceiling = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
    // Full jitter: after a restart of the gateway its clients must not come back in step.
    // Who was told when to come back was told one's own moment.
    const pause = this.#waitMs || FIRST_DELAY_MS / 2 + Math.random() * ceiling;
    this.#waitMs = 0;
    this.#retry = setTimeout(() => this.#connect(), pause);
  }
}
