/** Ids that the client chooses: of blocks, of list items, of commands. */

/** @returns {string} a random UUID */
export function newId() {
  // `randomUUID` exists in secure contexts only; a studio opened over plain HTTP on a LAN is none.
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
