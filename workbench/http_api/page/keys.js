// The keyboard.

import { byId } from "./dom.js";
import { neighbour } from "./results.js";

export function listenToKeys({ reader, closeReader, commit, remember, hits, box }) {
  const help = byId("help-dialog");
  byId("help").addEventListener("click", () => help.showModal());

  const anywhere = {
    "/": () => {
      if (box.closest("[inert]")) closeReader();
      box.focus();
      box.select();
    },
    "?": () => help.showModal(),
    m: remember,
    t: window.toggleTheme,
    n: () => reader.isOpen && reader.step(1),
    p: () => reader.isOpen && reader.step(-1),
    j: () => move(1),
    k: () => move(-1),
  };

  function move(step) {
    const link = neighbour(hits, step);
    link?.focus();
    link?.scrollIntoView({ block: "nearest" });
  }

  function escape() {
    if (reader.isOpen) closeReader();
    else if (box.value) {
      commit("");
      box.focus();
    }
  }

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const writing = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea");
    const inList = event.target.closest?.("a.hit");
    const action = writing ? null : anywhere[event.key];
    if (event.key === "Escape") escape();
    else if (event.key === "ArrowDown" && (writing === box || inList)) move(1);
    else if (event.key === "ArrowUp" && inList) upwards(inList);
    else if (action) action();
    else return;
    event.preventDefault();
  });

  function upwards(link) {
    if (link === hits.querySelector("a.hit")) box.focus();
    else move(-1);
  }
}
