// What stands there before anything is asked.

import { get } from "./api.js";
import { element } from "./dom.js";
import { number } from "./names.js";

const EXAMPLES = [
  ["Say it in your own words", ["why did my bread not rise", "trip to lisbon with the kids"]],
  ["Exact words, and without some", ['"index scan"', "sourdough -yeast", "auth*"]],
  ["Who, what, where", ["from:claude role:me", "has:code lang:python", "has:image"]],
  ["When", ["on:\"last month\"", "after:2025-03 recipe", "backup on:2024"]],
];

export function drawExamples(place, search) {
  place.replaceChildren(...EXAMPLES.map(([title, queries]) => element("section", {},
    element("h2", {}, title),
    element("ul", {}, queries.map((query) => element("li", {},
      element("button", { type: "button", class: "example", onclick: () => search(query) }, query)))))));
}

export async function drawCorpus(place) {
  const { facets } = await get("api/v1/facets");
  const all = Object.values(facets.assistant ?? {}).reduce((sum, one) => sum + one, 0);
  if (all) place.textContent = `${number(all)} messages with AI assistants, found by their words and their meaning.`;
}
