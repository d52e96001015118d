/** What machines do for an open project: its jobs and their suggestions, kept up to date by its events. */

import { Problem } from "../api.js";
import { save, upload } from "./upload.js";

const SHOWN = 30;
const MOST_SUGGESTIONS = 500;
const AGAIN_MS = 1_500;

/**
 * @typedef {{done: number, total: number, message: string}} Progress
 * @typedef {"requested" | "queued" | "running" | "awaiting-approval" | "succeeded" | "failed" | "cancelled" | "expired"} JobState
 * @typedef {{title: string, points: string[], layout?: string, notes?: string, sources?: number[][], kept?: number[][]}} OutlineSlide
 * @typedef {{title?: string | null, slides: OutlineSlide[], provider?: string, model?: string | null, warnings?: string[], usage?: any}} Outline
 * @typedef {{id: string, kind: "generation" | "thinking" | "image" | "export", state: JobState, progress: Progress | null,
 *   position: number, requested_by: string, created_at: string, outline?: Outline, error?: {code: string, message: string},
 *   result?: Record<string, any>}} Job
 * @typedef {{id: string, block_id: string, changes: Record<string, any>, reason: string, position: number, created_by: string}} Suggestion
 */

/** @param {Job} job */
export const isOver = (job) => ["succeeded", "failed", "cancelled", "expired"].includes(job.state);

/** Tells views that something is another: `change`; and that an outline waits for a word: `outlined` (detail: the job). */
export class Making extends EventTarget {
  /** @type {Map<string, Job>} */ #jobs = new Map();
  /** Open ones, the oldest first. @type {Suggestion[]} */ suggestions = [];
  loaded = false;
  /** Why the lists could not be loaded. @type {Problem | null} */ problem = null;
  /** Jobs that this page asked for. @type {Set<string>} */ #mine = new Set();
  /** Outlines that were shown by themselves once. @type {Set<string>} */ #offered = new Set();
  /** @type {Set<string>} */ #loading = new Set();
  #closed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;
  #suggesting = 0;

  /** @param {import("../project.js").ProjectSession} project */
  constructor(project) {
    super();
    this.project = project;
    project.addEventListener("deck-event", (e) => this.#happened(/** @type {CustomEvent} */ (e).detail.event));
    project.addEventListener("job", (e) => this.#progressed(/** @type {CustomEvent} */ (e).detail));
    project.addEventListener("started-over", () => void this.load());
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#retry);
  }

  /** The newest first. @returns {Job[]} */
  get jobs() {
    return [...this.#jobs.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
  }

  get active() {
    return this.jobs.filter((job) => !isOver(job));
  }

  /** Load jobs and suggestions; what fails is tried again. */
  async load() {
    clearTimeout(this.#retry);
    try {
      const { body } = await this.project.api.get(`/projects/${this.project.id}/jobs`, { limit: SHOWN });
      this.#jobs = new Map(body.items.map((/** @type {Job} */ job) => [job.id, this.#newer(job)]));
      await this.#loadSuggestions(0);
      this.loaded = true;
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      if (error.passing) this.#later(() => void this.load());
    }
    this.#tell();
  }

  /** @param {Job} job */
  #newer(job) {
    const known = this.#jobs.get(job.id);
    return known && known.position > job.position ? known : job;
  }

  /** @param {() => void} run */
  #later(run) {
    clearTimeout(this.#retry);
    if (!this.#closed) this.#retry = setTimeout(run, AGAIN_MS);
  }

  #tell() {
    if (!this.#closed) this.dispatchEvent(new CustomEvent("change"));
  }

  /** @param {import("../state.js").DeckEvent} event */
  #happened(event) {
    if (event.stream.kind === "job") void this.#refresh(event.stream.id, event.position);
    else if (event.event === "block-edit-suggested" || event.event === "suggestion-decided") void this.#suggested(event.position);
  }

  /** @param {{job_id: string, kind: any, state: JobState, done: number, total: number, message: string}} told */
  #progressed({ job_id: id, done, total, message }) {
    const job = this.#jobs.get(id);
    if (!job || isOver(job)) return;
    this.#jobs.set(id, { ...job, state: "running", progress: { done, total, message } });
    this.#tell();
  }

  /** @param {string} id @param {number} position */
  async #refresh(id, position) {
    if (this.#loading.has(id)) return; // whoever loads it looks again
    this.#loading.add(id);
    try {
      let wanted = position;
      for (;;) {
        const { body } = await this.project.api.get(`/jobs/${id}`, { min_position: wanted });
        const known = this.#jobs.get(id);
        this.#jobs.set(id, { ...body, progress: body.progress ?? (isOver(body) ? null : known?.progress ?? null) });
        this.#tell();
        this.#offer(body);
        // Events that came while it was being loaded may be later than what was loaded.
        if (this.project.state.position <= wanted || isOver(body)) break;
        wanted = this.project.state.position;
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.passing) this.#later(() => void this.load());
    } finally {
      this.#loading.delete(id);
    }
  }

  /** @param {Job} job */
  #offer(job) {
    if (job.state !== "awaiting-approval" || !this.#mine.has(job.id) || this.#offered.has(job.id)) return;
    this.#offered.add(job.id);
    if (!this.#closed) this.dispatchEvent(new CustomEvent("outlined", { detail: job }));
  }

  /** Many may come at once: they are loaded together. @param {number} position */
  async #suggested(position) {
    const first = this.#suggesting === 0;
    this.#suggesting = Math.max(this.#suggesting, position);
    if (!first) return;
    await new Promise((done) => setTimeout(done, 80));
    const wanted = this.#suggesting;
    this.#suggesting = 0;
    try {
      await this.#loadSuggestions(wanted);
      this.#tell();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#later(() => void this.load());
    }
  }

  /** @param {number} position */
  async #loadSuggestions(position) {
    const { body } = await this.project.api.get(`/projects/${this.project.id}/suggestions`, {
      limit: MOST_SUGGESTIONS, min_position: position || null,
    });
    this.suggestions = body.items;
  }

  /** That a job is this page's own, asked for before the page was open. @param {string} id */
  expect(id) {
    this.#mine.add(id);
    const job = this.#jobs.get(id);
    if (job) this.#offer(job);
  }

  /**
   * Ask for a job.
   * @param {"request-generation" | "request-thinking" | "request-image" | "request-export"} name
   * @param {Record<string, any>} [body]
   * @returns {Promise<string>} its id
   */
  async request(name, body = {}) {
    const answer = await this.project.api.command(name, { project_id: this.project.id, ...body });
    const id = answer.result.job_id;
    this.#mine.add(id);
    void this.#refresh(id, answer.position);
    return id;
  }

  /** @param {"approve-outline" | "cancel-job"} name @param {string} id @param {Record<string, any>} [body] */
  async decide(name, id, body = {}) {
    const answer = await this.project.api.command(name, { project_id: this.project.id, job_id: id, ...body });
    void this.#refresh(id, answer.position);
  }

  /** Take back all that a job did. @param {string} id @returns {Promise<import("../api.js").Answer>} */
  undo(id) {
    return this.project.api.command("undo", { project_id: this.project.id, job_id: id });
  }

  /** @param {"accept-suggestion" | "reject-suggestion"} name @param {string} id */
  async settle(name, id) {
    const answer = await this.project.api.command(name, { project_id: this.project.id, suggestion_id: id });
    this.suggestions = this.suggestions.filter((s) => s.id !== id);
    this.#tell();
    return answer;
  }

  /** @param {File} file */
  upload(file) {
    return upload(this.project.api, this.project.id, file);
  }

  /** Save the file that an export made. @param {Job} job */
  async download(job) {
    save(await this.project.api.blob(`/jobs/${job.id}/file`), job.result?.name ?? "deck");
  }

  /** Wait until a job is over. @param {string} id @returns {Promise<Job>} */
  ended(id) {
    return new Promise((resolve) => {
      const look = () => {
        const job = this.#jobs.get(id);
        if (!job || !isOver(job)) return;
        this.removeEventListener("change", look);
        resolve(job);
      };
      this.addEventListener("change", look);
      look();
    });
  }
}
