// What went wrong, in the place where it went wrong.

import { element } from "./dom.js";

// `again` is tried by a button, if given.
export function problemBox(problem, again = null) {
  const lines = problem.todo ? problem.todo.split("\n") : [];
  const caret = lines.slice(1).map((line) => line.replace(/^ {4}/, "")).join("\n");
  return element("div", { class: "problem" },
    element("p", { class: "problem-title" }, sentence(problem.title)),
    caret.trim() ? element("pre", { class: "caret" }, caret) : null,
    problem.detail && !caret.trim() ? element("p", {}, sentence(problem.detail)) : null,
    lines[0] ? element("p", {}, sentence(lines[0])) : null,
    again ? element("button", { type: "button", class: "quiet-button", onclick: again }, "Try again") : null);
}

export function note(words) {
  return element("p", { class: "note" }, sentence(words));
}

function sentence(words) {
  const begun = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.?!…"”]$/.test(begun) ? begun : `${begun}.`;
}
