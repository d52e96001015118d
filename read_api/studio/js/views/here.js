/** Who is here now: faces in the bar, each of which leads to where its owner is. */

import { fill, h } from "../dom.js";
import { avatar } from "../people.js";
import { Presence } from "../presence.js";
import { slideOf, slidesOf } from "../state.js";

const SHOWN = 5;

/** The strip of faces. */
export class HereStrip {
  el = h("span", { class: "here", role: "group", "aria-label": "Who is here", "data-testid": "here" });

  /** @param {import("../project.js").ProjectSession} project @param {{goTo: (blockId: string) => void}} host */
  constructor(project, host) {
    this.project = project;
    this.host = host;
  }

  update() {
    const { presence, me, liveState } = this.project;
    // One face a person, however many windows; of oneself only if there is another window.
    /** @type {Map<string, string | null>} */
    const places = new Map();
    for (const one of presence.others) places.set(one.user, Presence.blockOf(one) ?? places.get(one.user) ?? null);
    const people = [...places].map(([user, block]) => ({ user, block, words: `${user === me ? "You, in another window" : user}${this.#where(block)}` }));
    const rest = Math.max(0, people.length - SHOWN) + presence.unlisted;
    const key = JSON.stringify([people, rest, liveState]);
    if (this.el.dataset.key === key) return;
    this.el.dataset.key = key;
    if (!people.length && !rest) {
      fill(this.el, liveState === "live" ? h("span", { class: "here-nobody wide-only", "data-testid": "here-nobody" }, "Only you are here") : null);
      return;
    }
    fill(this.el,
      people.slice(0, SHOWN).map(({ user, block, words }) => h("button", {
        type: "button", class: "here-face", title: words, "aria-label": words, "data-testid": "here-face", "data-user": user, disabled: !block,
        on: { click: () => block && this.host.goTo(block) },
      }, avatar(user, words))),
      rest ? h("span", { class: "avatar rest", title: `${rest} more are here` }, `+${rest}`) : null);
  }

  /** @param {string | null} block */
  #where(block) {
    const slide = block && slideOf(this.project.state, block);
    return slide ? `, on slide ${slidesOf(this.project.state).indexOf(slide) + 1}` : "";
  }
}
