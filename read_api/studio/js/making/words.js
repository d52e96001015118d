/** Jobs, what became of them and what they suggest, in words. */

/** @type {Record<string, string>} */
const KINDS = { generation: "Slides", thinking: "Suggestions", image: "A picture", export: "A file" };
/** @type {Record<string, string>} */
export const FORMATS = { pptx: "PowerPoint", pdf: "PDF", html: "Web page", markdown: "Markdown", png: "Pictures", json: "JSON" };
/** @type {Record<string, string>} */
const EVENTS = {
  "generation-requested": "asked for slides", "thinking-requested": "asked for suggestions", "image-requested": "asked for a picture",
  "export-requested": "asked for a file", "job-started": "began to work", "job-retried": "has to try again", "job-outlined": "proposed an outline",
  "outline-approved": "approved the outline", "job-succeeded": "finished", "job-failed": "failed", "job-cancelled": "cancelled it", "job-expired": "came too late",
  "job-requeued": "had it tried again", "block-edit-suggested": "suggested a change", "suggestion-decided": "decided about a suggestion",
};
/** By the code of an error: what a person can do about it. @type {Record<string, string>} */
const REMEDIES = {
  "unreadable-source": "Try another document, or paste its text.",
  "provider-busy": "The model has too much to do. Ask again later.",
  "provider-unavailable": "The model could not be reached. Ask again later.",
  "provider-timeout": "The model took too long. Ask again, with less to read.",
  "provider-nonsense": "The model’s answers made no sense. Ask again, or otherwise.",
  "provider-refused": "Whoever runs this service has to look at its settings.",
  "token-budget": "Ask for less at once.",
  "too-large": "Take pictures out, or export a part.",
};

/** @param {string} event @param {Record<string, any>} data @returns {{what: string, quote: string} | null} */
export function eventSentence(event, data) {
  const what = EVENTS[event];
  if (!what) return null;
  return { what, quote: data.prompt ?? data.message ?? data.reason ?? (data.format ? FORMATS[data.format] : "") ?? "" };
}

/** @param {import("./making.js").Job} job */
export function titleOf(job) {
  if (job.kind === "export") return job.result ? FORMATS[job.result.format] ?? job.result.name : KINDS.export;
  return KINDS[job.kind] ?? job.kind;
}

/** @param {import("./making.js").Job} job */
export function stateOf(job) {
  const { state, progress, result, error } = job;
  switch (state) {
    case "requested":
    case "queued":
      return "Waiting for its turn…";
    case "running":
      return progress?.message ? `${upper(progress.message)}${progress.total > 1 ? ` (${progress.done} of ${progress.total})` : ""}` : "Working…";
    case "awaiting-approval":
      return `An outline of ${job.outline?.slides.length ?? 0} slides waits for you`;
    case "failed":
      return error ? `${upper(error.message)}. ${REMEDIES[error.code] ?? ""}` : "It failed.";
    case "cancelled":
      return "Cancelled";
    case "expired":
      return "It was not begun in time";
    default:
      return result ? done(job.kind, result) : "Done";
  }
}

/** @param {string} kind @param {Record<string, any>} result */
function done(kind, result) {
  const by = result.model ? ` by ${result.model}` : "";
  if (kind === "generation") return `${count(result.slides, "slide")} drafted${by}`;
  if (kind === "thinking") return `${count(result.slides, "slide")} read${by}: ${count(result.suggestions, "suggestion")}, ${count(result.findings?.length ?? 0, "finding")}`;
  if (kind === "image") return result.placed ? `Put in its place${by}` : `Made${by}`;
  return `${result.name ?? "A file"} · ${count(result.pages ?? 0, "page")} · ${Math.max(1, Math.round((result.size ?? 0) / 1024)).toLocaleString()} KiB`;
}

/** @param {number} n @param {string} noun */
export function count(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** @param {string} text */
function upper(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A field's value as text to compare. @param {string} field @param {any} value */
export function told(field, value) {
  if (typeof value === "string") return value;
  if (field === "items" && Array.isArray(value)) return value.map((item) => `${"  ".repeat(item.level ?? 0)}• ${item.text}`).join("\n");
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
