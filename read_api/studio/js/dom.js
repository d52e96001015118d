/**
 * Building DOM nodes. Text always goes in as text nodes and nothing here parses markup, so what users
 * write can never become script.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Set as properties: as attributes they would only give the initial value. */
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "readOnly", "hidden", "inert", "indeterminate"]);

/**
 * @typedef {Node | string | number | null | undefined | false | any[]} Child  arrays are taken apart
 * @typedef {Record<string, any>} Props  attributes; `on` holds listeners, `style` CSS properties
 */

/**
 * @template {Element} E
 * @param {E} el
 * @param {Props | null} props
 * @param {Child[]} children
 * @returns {E}
 */
function build(el, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) if (listener) el.addEventListener(event, listener);
    } else if (name === "style") {
      // Through the CSSOM: a style attribute would be refused by the page's content security policy.
      for (const [property, v] of Object.entries(value)) /** @type {any} */ (el).style.setProperty(property, v);
    } else if (PROPERTIES.has(name)) {
      /** @type {any} */ (el)[name] = value;
    } else if (value !== false) {
      el.setAttribute(name, value === true ? "" : String(value));
    }
  }
  append(el, children);
  return el;
}

/** @param {Node} el @param {Child[]} children */
function append(el, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(el, child);
    else el.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/**
 * Build an HTML element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props | null} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = null, ...children) {
  return build(document.createElement(tag), props, children);
}

/**
 * Build an SVG element.
 * @param {string} tag
 * @param {Props | null} [props]
 * @param {...Child} children
 */
export function svg(tag, props = null, ...children) {
  return build(document.createElementNS(SVG, tag), props, children);
}

/** Replace everything inside an element. @param {Element} el @param {...Child} children */
export function fill(el, ...children) {
  el.replaceChildren();
  append(el, children);
}

/**
 * Put keyed children in order with as few moves as possible. The element that holds the focus is never
 * moved: a browser drops the focus of a moved element, and with it the text being composed.
 * @param {Element} container
 * @param {Element[]} wanted
 */
export function arrange(container, wanted) {
  const keep = new Set(wanted);
  for (const child of [...container.children]) if (!keep.has(child)) child.remove();
  if (wanted.every((el, i) => container.children[i] === el)) return;
  const pivot = wanted.findIndex((el) => el.parentNode === container && el.contains(document.activeElement));
  if (pivot < 0) {
    container.append(...wanted);
    return;
  }
  wanted.slice(0, pivot).forEach((el) => container.insertBefore(el, wanted[pivot]));
  wanted.slice(pivot + 1).forEach((el) => container.appendChild(el));
}
