/** Dragging blocks and slides: which gap the pointer means, and showing it. */

/**
 * @typedef {{parent_id?: string, after_id?: string, before_id?: string}} Place
 * @typedef {{id: string, type: string}} Dragged
 */

/** What is being dragged: the browser keeps the data itself secret until the drop. @type {Dragged | null} */
let dragged = null;
/** @type {{el: Element, mark: string} | null} */
let marked = null;

/** @param {DragEvent} event @param {Dragged} what @param {Element} image */
export function beginDrag(event, what, image) {
  dragged = what;
  event.dataTransfer?.setData("text/plain", what.id);
  if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
  event.dataTransfer?.setDragImage(image, 12, 12);
}

export function endDrag() {
  dragged = null;
  mark(null, "");
}

export const currentDrag = () => dragged;

/** @param {Element | null} el @param {string} name */
function mark(el, name) {
  if (marked && (marked.el !== el || marked.mark !== name)) marked.el.classList.remove(marked.mark);
  marked = el ? { el, mark: name } : null;
  el?.classList.add(name);
}

/**
 * Let an element take drops.
 * @param {HTMLElement} target
 * @param {(event: DragEvent, what: Dragged) => {el: Element, mark: "drop-before" | "drop-after" | "drop-into", place: Place} | null} find
 * @param {(what: Dragged, place: Place) => void} drop
 */
export function takeDrops(target, find, drop) {
  target.addEventListener("dragover", (event) => {
    const found = dragged && find(event, dragged);
    mark(found ? found.el : null, found ? found.mark : "");
    if (found) event.preventDefault();
  });
  target.addEventListener("dragleave", (event) => {
    if (!target.contains(/** @type {Node | null} */ (event.relatedTarget))) mark(null, "");
  });
  target.addEventListener("drop", (event) => {
    const what = dragged;
    const found = what && find(event, what);
    endDrag();
    if (!found || !what) return;
    event.preventDefault();
    drop(what, found.place);
  });
}

/**
 * The gap on the stage that the pointer means.
 * @param {DragEvent} event
 * @param {Dragged} what
 * @param {string} slideId
 * @param {HTMLElement} blocks  the slide's list of blocks
 */
export function gapOnStage(event, what, slideId, blocks) {
  if (what.type === "slide") return null;
  const idOf = (/** @type {Element} */ el) => /** @type {HTMLElement} */ (el).dataset.blockId ?? "";
  let over = /** @type {Element} */ (event.target).closest(".block:not([data-type=slide])");
  if (over && !blocks.contains(over)) over = null;
  if (!over) {
    const last = [...blocks.children].at(-1);
    if (!last) return { el: blocks, mark: /** @type {const} */ ("drop-into"), place: { parent_id: slideId } };
    over = last;
  }
  const group = over.parentElement?.closest(".block[data-type=group]");
  // Groups do not nest: over a group's block, the group itself is meant.
  if (what.type === "group" && group) over = group;
  if (idOf(over) === what.id || over.closest(`[data-block-id="${CSS.escape(what.id)}"]`)) return null;
  const box = over.getBoundingClientRect();
  const inGroup = what.type !== "group" && over.matches("[data-type=group]");
  if (inGroup && event.clientY > box.top + 12 && event.clientY < box.bottom - 12) {
    return { el: over, mark: /** @type {const} */ ("drop-into"), place: { parent_id: idOf(over) } };
  }
  const list = /** @type {HTMLElement} */ (over.parentElement);
  const sideways = list.classList.contains("group-row");
  const before = sideways ? event.clientX < box.left + box.width / 2 : event.clientY < box.top + box.height / 2;
  const parent_id = list.dataset.group ?? slideId;
  return {
    el: over,
    mark: before ? /** @type {const} */ ("drop-before") : /** @type {const} */ ("drop-after"),
    place: before ? { parent_id, before_id: idOf(over) } : { parent_id, after_id: idOf(over) },
  };
}
