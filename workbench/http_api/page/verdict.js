// What is said of an answer: how much matches, and how well.

import { plural } from "./names.js";

// total: how many messages have the words and pass the filters
export function statusOf(found, total, state) {
  if (found.contexts.length === 0) return "Nothing found";
  if (!state.q.trim()) return `${plural(total, "message")}, newest first`;
  const marked = found.contexts.some((hit) => hit.highlights.length > 0); // what was just remembered is not counted yet
  const matching = plural(total, "message matches", "messages match");
  const words = total ? matching : marked ? "Best first" : "No message has these words";
  return found.match === "weak" ? `Weak matches. ${words}` : words;
}

export function notesOf(found, state) {
  const said = [...found.notes, ...found.advice];
  if (found.contexts.length === 0) said.unshift("nothing matches. Try fewer words, or take a filter away");
  else if (state.q.trim() && !state.like && found.match === "none") {
    said.unshift("no good match: probably nothing here answers this. The nearest there is");
  }
  return said;
}
