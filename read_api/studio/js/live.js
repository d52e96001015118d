/** The live socket of one project: resumes where it stopped, backs off, and knows what is final. */

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 15_000;
const PING_MS = 25_000;
/** After so many failures in a row the page says "offline" instead of "reconnecting". */
const PATIENCE = 4;

/** Close codes after which a new connection would be refused too. */
const FINAL = new Map([
  [4401, "token"],
  [4403, "access"],
  [4404, "access"],
]);

/**
 * @typedef {"live" | "connecting" | "offline"} LiveState
 * @typedef {object} LiveHandlers
 * @property {() => number} after  the position to resume from
 * @property {(event: import("./state.js").DeckEvent) => void} onEvent
 * @property {(job: any) => void} onJob  how far a job is
 * @property {(state: LiveState) => void} onState
 * @property {() => void} onReset  local state is worthless: load everything again
 * @property {(why: "token" | "access") => void} onEnd
 * @property {() => Promise<"token" | "access" | null>} probe  why connecting fails, if that is final
 */

/** Keeps one project's socket open. */
export class LiveConnection {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #ping;
  #failures = 0;
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

  #drop() {
    clearTimeout(this.#retry);
    clearInterval(this.#ping);
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
    switch (message.type) {
      case "welcome": {
        const moved = this.#epoch !== null && message.epoch !== undefined && message.epoch !== this.#epoch;
        this.#epoch = message.epoch ?? this.#epoch;
        this.#failures = 0;
        this.handlers.onState("live");
        clearInterval(this.#ping);
        this.#ping = setInterval(() => this.#socket?.send('{"type":"ping"}'), PING_MS);
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
      default: // ping, bye (its close follows) and whatever later versions say
    }
  }

  /** @param {number} code */
  async #closed(code) {
    this.#drop();
    const why = FINAL.get(code) ?? (this.#failures > 0 ? await this.handlers.probe() : null);
    if (this.#stopped || this.#socket) return;
    if (why) {
      this.stop();
      this.handlers.onEnd(/** @type {"token" | "access"} */ (why));
      return;
    }
    this.#failures += 1;
    this.handlers.onState(this.#failures >= PATIENCE || !navigator.onLine ? "offline" : "connecting");
    const ceiling = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
    // Full jitter: after a restart of the gateway its clients must not come back in step.
    this.#retry = setTimeout(() => this.#connect(), FIRST_DELAY_MS / 2 + Math.random() * ceiling);
  }
}
