"use strict";
(() => {
  const root = document.documentElement;
  const pages = [...document.querySelectorAll(".page")];
  const bar = document.querySelector(".bar");
  // Other fonts than those that were measured may need more room: such words are made smaller until they fit.
  for (const box of document.querySelectorAll(".fit")) {
    for (let k = 1; k > 0.3 && box.scrollHeight > box.clientHeight + 2; k -= 0.04) box.style.setProperty("--k", k);
  }
  root.classList.add("js");
  let now = 0;
  const show = (index) => {
    now = Math.max(0, Math.min(pages.length - 1, index));
    pages.forEach((page, i) => { page.classList.toggle("now", i === now); page.setAttribute("aria-hidden", String(i !== now)); });
    bar.style.width = `${(100 * (now + 1)) / pages.length}%`;
    history.replaceState(null, "", `#${now + 1}`);
  };
  const fit = () => {
    const [w, h] = [pages[0].offsetWidth, pages[0].offsetHeight];
    root.style.setProperty("--zoom", Math.min(innerWidth / w, innerHeight / h));
  };
  addEventListener("resize", fit);
  addEventListener("hashchange", () => show((parseInt(location.hash.slice(1), 10) || 1) - 1));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": event.shiftKey ? -1 : 1, Enter: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1, Backspace: -1 };
    if (event.key in steps) show(now + steps[event.key]);
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show(pages.length - 1);
    else if (event.key === "n") root.classList.toggle("noted");
    else if (event.key === "f") document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen();
    else return;
    event.preventDefault();
  });
  addEventListener("click", (event) => {
    if (!event.target.closest("a, .notes") && !String(getSelection())) show(now + (event.clientX < innerWidth / 4 ? -1 : 1));
  });
  if (pages.length) { fit(); show((parseInt(location.hash.slice(1), 10) || 1) - 1); }
})();
