// The search page: what is asked for follows the address, what is shown follows the answers.

import { Problem, get } from "./api.js";
import { byId, element } from "./dom.js";
import { drawChips, drawFacets } from "./facets.js";
import { listenToKeys } from "./keys.js";
import { note, problemBox } from "./problem.js";
import { Reader } from "./reader.js";
import { prepareRemembering } from "./remember.js";
import { hitItem } from "./results.js";
import { drawCorpus, drawExamples } from "./start.js";
import * as states from "./state.js";
import { notesOf, statusOf } from "./verdict.js";
import { formsOf } from "./words.js";

const PAUSE_MS = 120; // between keystrokes, before it is worth asking
const PATIENCE_MS = 700; // before an error in a query that is still being written is shown
const PAGE = 20;
const SIMILAR = 30;
const IN_CONVERSATION = 100;

const place = Object.fromEntries(
  ["q", "hits", "facets", "filters", "chips", "problem", "notes", "status", "controls", "more", "start", "group",
    "results", "veil", "corpus", "examples"].map((id) => [id, byId(id)]));
const header = document.querySelector(".top");
const beside = matchMedia("(min-width: 80em)"); // as in reader.css; else the reader lies over all else
const reader = new Reader(byId("reader"), { onclose: closeReader, onsimilar: findSimilar });

let state = states.read();
let asking = new AbortController();
let cursor = null;
let shown = [];
const typing = { timer: 0, patience: 0, burst: false };

// --- what is asked for ---

// `replace` writes over the newest entry of the history instead of adding one.
function go(next, { replace = false } = {}) {
  const before = state;
  state = next;
  if (states.address(before) !== states.address(next)) {
    history[replace ? "replaceState" : "pushState"](null, "", states.address(next));
  }
  follow(before);
}

// What is read may be among what is found: that comes first.
async function follow(before) {
  drawControls();
  const searched = (one) => states.address({ ...one, open: "" });
  const opened = state.open;
  if (before.open && before.open !== opened) reader.close();
  if (searched(before) !== searched(state)) await search();
  if (before.open !== opened && state.open === opened) drawReader();
}

function typed() {
  clearTimeout(typing.timer);
  typing.timer = setTimeout(() => {
    const replace = typing.burst;
    typing.burst = true;
    go({ ...state, q: place.q.value, open: "", like: "" }, { replace });
  }, PAUSE_MS);
}

function commit(query) {
  clearTimeout(typing.timer);
  typing.burst = false;
  place.q.value = query;
  if (query === state.q && !state.like) search({ patience: 0 });
  else go({ ...state, q: query, open: "", like: "" });
}

function choose(filter, value) {
  typing.burst = false;
  go(states.toggled(state, filter, value));
}

// --- searching ---

async function search({ patience = typing.burst ? PATIENCE_MS : 0 } = {}) {
  asking.abort();
  const { signal } = (asking = new AbortController());
  clearTimeout(typing.patience);
  if (states.isEmpty(state)) {
    clear({ start: true });
    return;
  }
  place.hits.setAttribute("aria-busy", "true");
  try {
    await (state.like ? showSimilar(signal) : showFound(signal));
  } catch (problem) {
    if (problem.name === "AbortError") return;
    if (!(problem instanceof Problem)) throw problem;
    typing.patience = setTimeout(() => showProblem(problem, signal), patience);
  } finally {
    if (!signal.aborted) place.hits.removeAttribute("aria-busy");
  }
}

async function showFound(signal) {
  const parameters = [...states.searchParameters(state), ["k", PAGE]];
  const answers = await Promise.all([
    get("search/rag", [...parameters, ["facets", "true"]], { signal }),
    ...states.FILTERS.filter(({ parameter }) => state.filters[parameter].length > 0).map(ownCounts),
  ]);
  async function ownCounts({ facet, parameter }) {
    const { facets } = await get("api/v1/facets", states.countParameters(state, parameter), { signal });
    return { [facet]: facets[facet] };
  }
  const [found, ...own] = answers;
  if (signal.aborted) return;
  draw(found, Object.assign({}, found.facets, ...own));
  const total = Object.values(found.facets.assistant ?? {}).reduce((sum, count) => sum + count, 0);
  place.status.textContent = statusOf(found, total, state);
}

async function showSimilar(signal) {
  const path = `api/v1/messages/${encodeURIComponent(state.like)}`;
  const [found, { message }] = await Promise.all([
    get(`${path}/similar`, [["k", SIMILAR]], { signal }),
    get(path, [], { signal }),
  ]);
  if (signal.aborted) return;
  draw(found, {});
  place.status.textContent = "Nearest in meaning first";
  place.notes.prepend(element("blockquote", { class: "like", dir: "auto" }, message.content));
}

function draw(found, facets) {
  clear({ start: false });
  scrollTo(0, 0);
  append(found);
  drawFacets(place.facets, facets, state, choose);
  place.notes.replaceChildren(...notesOf(found, state).map(note));
}

function append(found) {
  shown.push(...found.contexts);
  place.hits.append(...found.contexts.map((hit) => hitItem(hit, { open: openHit, addressOf })));
  cursor = found.cursor ?? null;
  place.more.hidden = cursor === null;
  markOpened();
}

async function showMore() {
  if (cursor === null || place.more.classList.contains("loading")) return;
  const { signal } = asking;
  place.more.classList.add("loading");
  try {
    const parameters = [...states.searchParameters(state), ["k", PAGE], ["cursor", cursor]];
    const found = await get("search/rag", parameters, { signal });
    if (!signal.aborted) append(found);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    if (!(problem instanceof Problem)) throw problem;
    cursor = null;
    place.more.hidden = true;
    place.problem.replaceChildren(problemBox(problem, () => search()));
  } finally {
    place.more.classList.remove("loading");
    if (!signal.aborted) watchEnd();
  }
}

// --- what is shown ---

function showProblem(problem, signal) {
  if (signal.aborted) return;
  clear({ start: false });
  place.problem.replaceChildren(problemBox(problem, problem.status === 400 ? null : () => search()));
}

// Away with what was shown; `start` says whether the start is there instead.
function clear({ start }) {
  for (const one of [place.hits, place.problem, place.notes, place.status]) one.replaceChildren();
  document.body.classList.toggle("searched", !start);
  place.start.hidden = !start;
  place.more.hidden = true;
  place.hits.removeAttribute("aria-busy");
  shown = [];
  cursor = null;
  drawControls();
}

function drawControls() {
  const empty = states.isEmpty(state);
  place.controls.hidden = empty;
  document.body.classList.toggle("alike", Boolean(state.like));
  place.filters.hidden = empty || Boolean(state.like);
  document.querySelector(`input[name=mode][value=${state.mode}]`).checked = true;
  place.group.checked = state.group;
  document.title = state.q.trim() ? `${state.q} · Memory Workbench` : "Memory Workbench";
  drawChips(place.chips, state, { choose, unlike: () => go({ ...state, like: "", open: "" }) });
}

// --- reading ---

const addressOf = (hit) => states.address({ ...state, open: hit.message_id });

function openHit(hit) {
  typing.burst = false;
  go({ ...state, open: hit.message_id });
}

function drawReader() {
  document.body.classList.toggle("reading", Boolean(state.open));
  place.veil.hidden = !state.open;
  shade();
  markOpened();
  if (!state.open) {
    reader.close();
    return;
  }
  const hit = shown.find((one) => one.message_id === state.open) ?? null;
  reader.open(state.open, hit, hit?.assistant === "memory" ? async () => formsOf(shown) : formsIn);
}

function markOpened() {
  for (const link of place.hits.querySelectorAll("a.hit")) {
    link.ariaCurrent = link.dataset.message === state.open ? "true" : null;
  }
}

// What the reader lies over cannot be reached meanwhile.
function shade() {
  const over = Boolean(state.open) && !beside.matches;
  for (const one of [header, place.results, place.filters]) one.inert = over;
}

function closeReader() {
  const opened = state.open;
  go({ ...state, open: "" });
  place.hits.querySelector(`[data-message="${CSS.escape(opened)}"]`)?.focus();
}

function findSimilar(messageId) {
  typing.burst = false;
  place.q.value = "";
  go({ ...state, q: "", filters: states.read("").filters, like: messageId, open: "" });
}

// The words to mark in a conversation: those that the index found in it, and those of the other hits shown.
async function formsIn(conversationId, signal) {
  const forms = formsOf(shown);
  if (!state.q.trim()) return forms;
  const parameters = [["q", state.q], ["in", conversationId], ["mode", "lexical"], ["context", "false"], ["k", IN_CONVERSATION]];
  try {
    const found = await get("search/rag", parameters, { signal });
    return forms.union(formsOf(found.contexts));
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 400) return forms; // the query is at fault: said beside the results
    throw problem;
  }
}

// --- wiring ---

const end = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && showMore(),
  { rootMargin: "500px" });

function watchEnd() {
  end.unobserve(place.more);
  end.observe(place.more);
}

place.q.addEventListener("input", typed);
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  commit(place.q.value);
});
byId("mode").addEventListener("change", (event) => go({ ...state, mode: event.target.value, open: "" }));
place.group.addEventListener("change", () => go({ ...state, group: place.group.checked, open: "" }));
place.more.firstElementChild.addEventListener("click", showMore);
place.veil.addEventListener("click", closeReader);
byId("show-filters").addEventListener("click", (event) => {
  const open = document.body.classList.toggle("filtering");
  event.currentTarget.setAttribute("aria-expanded", String(open));
});
addEventListener("popstate", () => {
  const before = state;
  state = states.read();
  place.q.value = state.q;
  typing.burst = false;
  follow(before);
});
const remembering = prepareRemembering({ onremembered: () => search() });
drawCorpus(place.corpus);
beside.addEventListener("change", shade);
listenToKeys({ reader, closeReader, commit, remember: remembering.open, hits: place.hits, box: place.q });
drawExamples(place.examples, commit);
watchEnd();
place.q.value = state.q;
drawControls();
if (states.isEmpty(state) && matchMedia("(hover: hover)").matches) place.q.focus();
search().then(() => state.open && drawReader());
