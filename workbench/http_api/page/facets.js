// The counts beside the results, and the filters that are in use above them.

import { element, icon } from "./dom.js";
import { number, valueName } from "./names.js";
import { FILTERS } from "./state.js";

const SHOWN = 7;
const expanded = new Set();

// `counts` maps each facet to {value: count}; `choose(filter, value)` is called when one is clicked.
export function drawFacets(place, counts, state, choose) {
  const focused = document.activeElement?.closest?.("[data-facet]")?.dataset;
  const wanted = focused && { ...focused };
  place.replaceChildren(...FILTERS.map((filter) => group(filter, counts[filter.facet] ?? {}, state, choose)).filter(Boolean));
  if (!wanted) return;
  const same = [...place.querySelectorAll("[data-facet]")].find(
    (one) => one.dataset.facet === wanted.facet && one.dataset.value === wanted.value);
  same?.focus({ preventScroll: true });
}

function group(filter, counts, state, choose) {
  const chosen = state.filters[filter.parameter];
  const values = ordered(filter.facet, counts, chosen);
  if (values.length === 0 || (values.length === 1 && chosen.length === 0)) return null;
  const most = Math.max(...values.map(([, count]) => count), 1);
  const all = expanded.has(filter.facet);
  const list = element("ul", {}, values.map(([value, count], index) => (
    element("li", { hidden: !all && index >= SHOWN && !chosen.includes(value) },
      facetButton(filter, value, count, most, chosen.includes(value), choose)))));
  return element("section", { class: "facet" },
    element("h2", {}, filter.title), list,
    values.length > SHOWN ? moreButton(filter, list, values.length - SHOWN, all) : null);
}

function facetButton(filter, value, count, most, on, choose) {
  return element("button", {
    type: "button", class: "facet-value", "aria-pressed": String(on), "data-facet": filter.facet, "data-value": value,
    style: { "--share": count / most }, onclick: () => choose(filter, value),
  }, element("span", { class: "facet-name", dir: "auto" }, valueName(filter.facet, value)),
  element("span", { class: "facet-count" }, number(count)));
}

function moreButton(filter, list, hidden, all) {
  const button = element("button", { type: "button", class: "facet-more", "aria-expanded": String(all), onclick: change });
  function change() {
    if (expanded.has(filter.facet)) expanded.delete(filter.facet);
    else expanded.add(filter.facet);
    const open = expanded.has(filter.facet);
    [...list.children].forEach((item, index) => {
      item.hidden = !open && index >= SHOWN && !item.querySelector("[aria-pressed=true]");
    });
    button.setAttribute("aria-expanded", String(open));
    name(open);
  }
  function name(open) {
    button.textContent = open ? "fewer" : `${hidden} more`;
  }
  name(all);
  return button;
}

// Months newest first, all else by its count; what is chosen is there even if nothing matches it.
function ordered(facet, counts, chosen) {
  const all = { ...Object.fromEntries(chosen.map((value) => [value, 0])), ...counts };
  const pairs = Object.entries(all);
  return facet === "month" ? pairs.sort(([a], [b]) => (a < b ? 1 : -1)) : pairs.sort(([, a], [, b]) => b - a);
}

export function drawChips(place, state, { choose, unlike }) {
  const chips = FILTERS.flatMap((filter) => state.filters[filter.parameter].map((value) => (
    chip(`${filter.title}: ${valueName(filter.facet, value)}`, () => choose(filter, value)))));
  if (state.like) chips.unshift(chip("Like one message", unlike));
  place.replaceChildren(...chips);
}

function chip(name, remove) {
  return element("li", {}, element("button", { type: "button", class: "chip", "aria-label": `Remove ${name}`, onclick: remove },
    element("span", { dir: "auto" }, name), icon("close")));
}
