/** Ids that the client chooses: of blocks, of list items, of commands. */

const MILLISECONDS_BYTES = 6;

/**
 * A UUID of version 7 (RFC 9562): milliseconds since 1970, then what is by chance. Ids in the order of time are
 * neighbours in the service's indexes.
 * @returns {string}
 */
export function newId() {
  // Not `randomUUID`, which makes version 4, and is there in secure contexts only.
  const b = crypto.getRandomValues(new Uint8Array(16));
  let now = Date.now();
  for (let i = MILLISECONDS_BYTES - 1; i >= 0; i--) {
    b[i] = now % 256;
    now = Math.floor(now / 256);
  }
  b[6] = (b[6] & 0x0f) | 0x70;
  b[8] = (b[8] & 0x3f) | 0x80;
  const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
