/** Sending files to a project, and saving files that it made. */

import { Problem } from "../api.js";

export const MOST_BYTES = 20 * 2 ** 20;
const TIMEOUT_MS = 120_000;

/** By the end of the name: browsers do not know all of them. @type {Record<string, string>} */
const TYPES = {
  md: "text/markdown", markdown: "text/markdown", txt: "text/plain", pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp",
};
export const DOCUMENTS = ".md,.markdown,.txt,.pdf,.docx,.pptx";
export const PICTURES = ".png,.jpg,.jpeg,.gif,.webp";

/** @param {File} file @param {string} wanted  a list as in `accept` @returns {string} why it cannot be taken, or nothing */
export function unfit(file, wanted) {
  const end = endOf(file.name);
  if (!wanted.split(",").includes(`.${end}`)) return `A .${end} file cannot be read; take one of ${wanted.replaceAll(",", " ")}`;
  if (!file.size) return "This file is empty.";
  if (file.size > MOST_BYTES) return `This file has ${(file.size / 2 ** 20).toFixed(1)} MiB; at most 20 MiB are taken.`;
  return "";
}

/** @param {string} name */
const endOf = (name) => name.split(".").pop()?.toLowerCase() ?? "";

/** @param {string} name @returns {string} without its end, as a title */
export function titleOf(name) {
  return name.replace(/\.[^.]+$/, "").replace(/[_-]+/g, " ").replace(/\s+/g, " ").trim().slice(0, 200) || "Untitled";
}

/**
 * @param {import("../api.js").Api} api
 * @param {string} projectId
 * @param {File} file
 * @returns {Promise<{asset_id: string, size: number, type: string}>}
 */
export async function upload(api, projectId, file) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(`${api.writeUrl}/api/assets?project_id=${projectId}`, {
      method: "POST", body: file, signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { Authorization: `Bearer ${api.token}`, "Content-Type": TYPES[endOf(file.name)] ?? file.type },
    });
  } catch {
    throw new Problem(0, null);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Problem(response.status, body, Number(response.headers.get("Retry-After")) || 0);
  return body;
}

/** @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
