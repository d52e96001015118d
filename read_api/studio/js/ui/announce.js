/** Saying things to those who listen to the page instead of looking at it. */

let last = 0;

/** @param {string} text */
export function announce(text) {
  const now = performance.now();
  if (now - last < 400) return; // a burst of edits is not read out one by one
  last = now;
  const region = document.getElementById("announcer");
  if (!region) return;
  region.textContent = "";
  // The same text twice is news only if the region was empty in between.
  requestAnimationFrame(() => (region.textContent = text));
}
