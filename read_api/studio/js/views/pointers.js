/** The others' pointers on the slide, and telling them of one's own. */

import { h, svg } from "../dom.js";
import { hueOf } from "../people.js";

/** A pointer that has not moved for so long is somebody reading: it fades. */
const FADE_MS = 8_000;
const DIGITS = 4;

/** A layer over the slide. Places are fractions of it, so that pages of any size agree. */
export class Pointers {
  /** @type {Map<string, {el: HTMLElement, key: string, timer?: ReturnType<typeof setTimeout>}>} */ #drawn = new Map();
  el = h("div", { class: "pointers", "aria-hidden": "true", "data-testid": "pointers" });

  /**
   * Tell where the pointer is over an element, and with nulls that it left.
   * @param {HTMLElement} area
   * @param {(x: number | null, y: number | null) => void} tell
   */
  follow(area, tell) {
    area.addEventListener("pointermove", (e) => {
      if (e.pointerType === "touch") return;
      const box = area.getBoundingClientRect();
      tell(Number(((e.clientX - box.left) / box.width).toFixed(DIGITS)), Number(((e.clientY - box.top) / box.height).toFixed(DIGITS)));
    });
    area.addEventListener("pointerleave", () => tell(null, null));
  }

  /** @param {import("../presence.js").Someone[]} others those on this slide */
  draw(others) {
    const pointing = others.filter((one) => typeof one.cursor?.x === "number" && typeof one.cursor.y === "number");
    const sessions = new Set(pointing.map((one) => one.session));
    for (const [session, { el, timer }] of this.#drawn) {
      if (sessions.has(session)) continue;
      clearTimeout(timer);
      el.remove();
      this.#drawn.delete(session);
    }
    for (const one of pointing) this.#place(one);
  }

  close() {
    for (const { timer } of this.#drawn.values()) clearTimeout(timer);
  }

  /** @param {import("../presence.js").Someone} one */
  #place(one) {
    const x = Math.min(Math.max(one.cursor?.x ?? 0, 0), 1);
    const y = Math.min(Math.max(one.cursor?.y ?? 0, 0), 1);
    const key = `${x} ${y}`;
    let drawn = this.#drawn.get(one.session);
    if (drawn?.key === key) return;
    if (!drawn) {
      const el = h("span", { class: "pointer", "data-testid": "pointer", "data-user": one.user, style: { "--hue": String(hueOf(one.user)) } },
        svg("svg", { viewBox: "0 0 16 18", width: 16, height: 18 }, svg("path", { d: "M1.500 1.500L14 9L8.300 10.400L5.600 16Z" })),
        h("span", null, one.user));
      drawn = { el, key };
      this.#drawn.set(one.session, drawn);
      this.el.append(el);
    }
    drawn.key = key;
    drawn.el.style.left = `${x * 100}%`;
    drawn.el.style.top = `${y * 100}%`;
    drawn.el.classList.remove("still");
    clearTimeout(drawn.timer);
    const { el } = drawn;
    drawn.timer = setTimeout(() => el.classList.add("still"), FADE_MS);
  }
}
