/** Events as sentences. */

import { nounOf, wordsOf } from "./blocks/catalogue.js";
import { eventSentence } from "./making/words.js";

const LONGEST = 80;

/** @param {string} role */
const article = (role) => (/^[aeiou]/.test(role) ? `an ${role}` : `a ${role}`);

/** @param {string} text */
function excerpt(text) {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > LONGEST ? `${flat.slice(0, LONGEST)}…` : flat;
}

/**
 * @param {import("./state.js").DeckEvent} event
 * @param {(id: string) => import("./state.js").Block | null} blockOf  what is known of a block now
 * @returns {{what: string, quote: string}} what follows the actor's name, and words from the event itself
 */
export function sentence(event, blockOf) {
  const { data } = event;
  const type = event.event === "block-added" ? data.type : blockOf(event.stream.id)?.type;
  const noun = type ? nounOf(type) : "block";
  switch (event.event) {
    case "project-created":
      return { what: "created the project", quote: excerpt(data.title ?? "") };
    case "project-renamed":
      return { what: "renamed the project", quote: excerpt(data.title ?? "") };
    case "project-archived":
      return { what: "archived the project", quote: "" };
    case "project-unarchived":
      return { what: "brought the project back from the archive", quote: "" };
    case "access-granted":
      return { what: `made ${data.user} ${article(data.role ?? "member")}`, quote: "" };
    case "access-revoked":
      return { what: `took away ${data.user}’s access`, quote: "" };
    case "session-joined":
      return { what: "came to the project", quote: "" };
    case "session-left":
      return { what: "left the project", quote: "" };
    case "block-added":
      return { what: `added ${article(noun)}`, quote: excerpt(wordsOf(data.type, data.content ?? {})) };
    case "block-edited":
      return edited(noun, type, data.changes ?? {});
    case "block-moved":
      return { what: `moved ${noun}`, quote: known(event, blockOf) };
    case "block-deleted":
      return { what: `deleted ${noun}`, quote: known(event, blockOf) };
    case "block-undeleted":
      return { what: `brought ${noun} back`, quote: known(event, blockOf) };
    case "block-edit-conflicted":
      return { what: `wrote over somebody’s words in ${article(noun)}; both are kept`, quote: "" };
    case "conflict-resolved":
      return { what: "settled a conflict", quote: "" };
    default: {
      const { what, quote } = eventSentence(event.event, data) ?? { what: event.event.replaceAll("-", " "), quote: "" };
      return { what, quote: excerpt(quote) };
    }
  }
}

/** @param {string} noun @param {string | undefined} type @param {Record<string, any>} changes */
function edited(noun, type, changes) {
  const fields = Object.keys(changes);
  const only = (/** @type {string} */ field) => fields.length === 1 && fields[0] === field;
  if (only("notes")) return { what: "edited speaker notes", quote: excerpt(changes.notes ?? "") };
  if (only("layout")) return { what: `changed the layout of a ${noun} to ${changes.layout}`, quote: "" };
  if (only("background")) return { what: `changed the background of a ${noun}`, quote: "" };
  if (only("direction")) return { what: `turned a ${noun} into a ${changes.direction}`, quote: "" };
  return { what: `edited ${noun}`, quote: excerpt(wordsOf(type ?? "text", changes)) };
}

/** @param {import("./state.js").DeckEvent} event @param {(id: string) => import("./state.js").Block | null} blockOf */
function known(event, blockOf) {
  const block = blockOf(event.stream.id);
  return block ? excerpt(wordsOf(block.type, block.content)) : "";
}
