/** A new project whose slides are to be made of a document. */

import { askSource, generationOf } from "./source.js";
import { upload } from "./upload.js";

/**
 * @param {import("../api.js").Api} api
 * @returns {Promise<{project: string, position: number, job: string} | null>} null: nothing is wanted
 */
export function makeFromSource(api) {
  /** One project however often it is tried: an upload may be refused. @type {string | null} */
  let project = null;
  return askSource({
    title: "A deck from a document", submit: "Propose an outline",
    run: async (wish) => {
      project ??= (await api.command("create-project", { title: wish.title })).project_id;
      const asset = wish.file ? (await upload(api, project, wish.file)).asset_id : null;
      const answer = await api.command("request-generation", { project_id: project, ...generationOf(wish, asset) });
      return { project: answer.project_id, position: answer.position, job: answer.result.job_id };
    },
  });
}
