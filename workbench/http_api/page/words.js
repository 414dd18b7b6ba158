// Where the words of a query stand in a text.

import { element, text } from "./dom.js";

// Scripts whose words are not set apart by spaces: there a match may begin and end anywhere.
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]/;

// The parts of `value` that `spans` name, which count code points, as UTF-16 offsets.
export function unitSpans(value, spans) {
  if (!/[\ud800-\udbff]/.test(value)) return spans;
  const offsets = [0];
  for (const character of value) offsets.push(offsets.at(-1) + character.length);
  return spans.map(([start, end]) => [offsets[start], offsets[end]]);
}

// `value` with <mark> around each of `spans` (UTF-16 offsets, in order).
export function marked(value, spans) {
  const parts = document.createDocumentFragment();
  let at = 0;
  for (const [start, end] of spans) {
    if (start > at) parts.append(text(value.slice(at, start)));
    parts.append(element("mark", {}, value.slice(start, end)));
    at = end;
  }
  if (at < value.length) parts.append(text(value.slice(at)));
  return parts;
}

// Lower case, no accents, of the same length as `value`.
export function folded(value) {
  const lowered = value.toLowerCase();
  if (/^[\x00-\x7f]*$/.test(lowered)) return lowered;
  return Array.from({ length: value.length }, (_, index) => {
    const unit = value[index].toLowerCase()[0];
    return unit >= "\ud800" && unit <= "\udfff" ? unit : unit.normalize("NFKD")[0];
  }).join("");
}

// The words that were marked in hits: how the index saw the query. No stemming of our own is needed.
export function formsOf(hits) {
  const forms = new Set();
  for (const hit of hits) {
    for (const [start, end] of unitSpans(hit.snippet, hit.highlights)) forms.add(folded(hit.snippet.slice(start, end)));
  }
  return forms;
}

// What finds these words in a folded text; null where there are none.
export function pattern(forms) {
  const all = [...forms].filter(Boolean).sort((a, b) => b.length - a.length);
  if (all.length === 0) return null;
  const written = all.map((form) => {
    const literal = form.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    return UNSPACED.test(form) ? literal : `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`;
  });
  return new RegExp(written.join("|"), "gu");
}

export function spansIn(value, wanted) {
  return wanted ? Array.from(folded(value).matchAll(wanted), (one) => [one.index, one.index + one[0].length]) : [];
}
