/** Who is logged in: the bearer token, kept for this tab only, and what the address bar asks for. */

const KEY = "decklog.token";

/**
 * @typedef {{sub: string, name?: string, tier?: string, exp?: number}} Me
 * @typedef {{project: string | null, slide: string | null}} Place
 */

/** @returns {string | null} */
export function storedToken() {
  return sessionStorage.getItem(KEY);
}

/** @param {string | null} token */
export function keepToken(token) {
  if (token) sessionStorage.setItem(KEY, token);
  else sessionStorage.removeItem(KEY);
}

/**
 * Read the token's claims, for display alone: only the server can tell whether they are true.
 * @param {string} token
 * @returns {Me | null} null when the text is no token at all
 */
export function claimsOf(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return claims && typeof claims.sub === "string" ? claims : null;
  } catch {
    return null;
  }
}

/**
 * Take a token out of the fragment, if it brought one. The address bar, and so the browser's history,
 * is cleaned before anything else happens.
 * @returns {string | null}
 */
export function tokenFromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get("token");
  if (token === null) return null;
  fragment.delete("token");
  const rest = fragment.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
  return token.trim() || null;
}

/** @returns {Place} */
export function placeInAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  return { project: fragment.get("project"), slide: fragment.get("slide") };
}

/**
 * Show a place in the address bar.
 * @param {Place} place
 * @param {boolean} replace  true to leave no step for the back button
 */
export function showPlace(place, replace) {
  const fragment = new URLSearchParams();
  if (place.project) fragment.set("project", place.project);
  if (place.slide) fragment.set("slide", place.slide);
  const text = fragment.toString();
  const url = location.pathname + location.search + (text ? `#${text}` : "");
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
}
