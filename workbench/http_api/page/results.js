// The list of hits.

import { element } from "./dom.js";
import { assistantName, day, moment, speaker } from "./names.js";
import { marked, unitSpans } from "./words.js";

// `open(hit, link)` is called for a plain click or Enter; `addressOf(hit)` is where the link leads otherwise.
export function hitItem(hit, { open, addressOf }) {
  const link = element("a", { class: "hit", href: addressOf(hit), "data-message": hit.message_id, onclick: clicked },
    element("span", { class: "hit-head" },
      element("span", { class: "hit-title", dir: "auto" }, hit.title || "(untitled)"),
      time(hit.created_at)),
    element("span", { class: "hit-text", dir: "auto" }, marked(hit.snippet, unitSpans(hit.snippet, hit.highlights))),
    element("span", { class: "hit-foot" }, ...facts(hit)));

  function clicked(event) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(hit, link);
  }
  return element("li", {}, link);
}

export function time(instant) {
  return instant ? element("time", { datetime: instant, title: moment(instant) }, day(instant)) : null;
}

function facts(hit) {
  if (hit.assistant === "memory") {
    return [element("span", { class: "tag accent" }, "Memory"), ...memoryTags(hit)];
  }
  const who = hit.role === "user" ? `You to ${assistantName(hit.assistant)}` : speaker(hit.role, hit.assistant);
  const beside = hit.role === "tool" || hit.role === "system" ? ` · ${assistantName(hit.assistant)}` : "";
  const others = hit.others ? element("span", { class: "others" }, `${hit.others} more in this conversation`) : null;
  return [element("span", {}, who + beside), others];
}

// Category, confidence and labels of a memory.
export function memoryTags({ category, confidence, labels }) {
  return [
    category ? element("span", { class: "tag" }, category) : null,
    typeof confidence === "number" ? element("span", { class: "tag" }, `${Math.round(confidence * 100)} % sure`) : null,
    ...(labels ?? []).map((label) => element("span", { class: "tag" }, `#${label}`)),
  ];
}

// The link that is `step` further than the one that has the focus; the first if none has it.
export function neighbour(list, step) {
  const links = [...list.querySelectorAll("a.hit")];
  const at = links.indexOf(document.activeElement);
  return at < 0 ? links[0] : links[Math.max(0, Math.min(links.length - 1, at + step))];
}
