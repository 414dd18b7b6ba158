// How the service does, second by second.

import { Problem, get } from "./api.js";
import { Chart } from "./chart.js";
import { byId, element, svg } from "./dom.js";
import { assistantName, number } from "./names.js";

const EVERY_MS = 1000;
const LONGEST_MS = 4000;
const SECONDS = 300;
const MEGABYTE = 1_000_000;
const FEWEST_SEARCHES = 20; // below, a percentile says little

const ms = (value) => `${value < 10 ? round(value, 1) : round(value, 0)} ms`;
const share = (value) => `${Math.round(value * 100)} %`;
const megabytes = (value) => `${number(Math.round(value))} MB`;
const count = (value) => (value < 10 ? String(round(value, 1)) : number(Math.round(value)));

// Each line: its name, its value out of the figures, and the limit that is drawn (null for none): that of the rule for it
// in monitor/alerting/default_rules.toml.
const CARDS = [
  { title: "Search latency", format: ms, lines: [
    { name: "median", of: (one) => one.search_latency.p50_ms, limit: null },
    { name: "95 %", of: (one) => one.search_latency.p95_ms, limit: 30,
      counts: (one) => one.search_latency.searches >= FEWEST_SEARCHES },
    { name: "99 %", of: (one) => one.search_latency.p99_ms, limit: null }] },
  { title: "Requests per second", format: count, lines: [
    { name: "all requests", of: (one) => one.requests_per_second, limit: null }] },
  { title: "Searches that wait", format: count, lines: [
    { name: "in the queue", of: (one) => one.queue_depth, limit: null }] },
  { title: "Found in a cache", format: share, top: 1, lines: [
    { name: "answers", of: (one) => one.cache_performance.search_hit_rate, limit: null },
    { name: "query vectors", of: (one) => one.cache_performance.embedding_hit_rate, limit: null }] },
  { title: "Reading the database", format: ms, lines: [
    { name: "mean", of: (one) => one.database.query_time_avg, limit: null }] },
  { title: "Memory per worker", format: megabytes, lines: [
    { name: "its own", of: (one) => perWorker(one, one.memory.private_bytes), limit: 600 },
    { name: "with mapped files", of: (one) => perWorker(one, one.memory.resident_bytes), limit: null }] },
];

const cards = CARDS.map(makeCard);
let points = [];
let paused = false;
let awaySince = null;
let asking = false;
let next = 0;

function makeCard({ title, format, lines, top = null }) {
  const values = lines.map(({ name }, index) => {
    const place = element("dd", {}, "–");
    return { place, group: element("div", { class: "value" },
      element("dt", {}, lines.length > 1 ? swatch(index) : null, name), place) };
  });
  const limit = lines.find((one) => one.limit !== null)?.limit ?? null;
  const chart = new Chart({ name: title, lines: lines.length, format, seconds: SECONDS, limit, top, onpoint });
  const card = element("article", { class: "card" }, element("h2", {}, title),
    element("dl", { class: "values" }, values.map((one) => one.group)), chart.element);
  let pointed = null;

  function onpoint(point) {
    pointed = point;
    show();
  }
  function show() {
    const last = points.at(-1);
    const chosen = pointed ? pointed.figures : last?.figures;
    lines.forEach((line, index) => {
      const value = chosen ? line.of(chosen) : null;
      values[index].place.textContent = value === null ? "–" : format(value);
      values[index].group.classList.toggle("over", Boolean(chosen) && isOver(line, chosen));
    });
    card.classList.toggle("over", lines.some((line) => last?.figures && isOver(line, last.figures)));
  }
  function draw() {
    show();
    chart.draw(points.map(({ at, figures }) => ({ at, figures, values: lines.map((line) => (figures ? line.of(figures) : null)) })));
  }
  return { card, draw };
}

function swatch(index) {
  return svg("svg", { class: "swatch", viewBox: "0 0 18 8", "aria-hidden": "true" },
    svg("path", { class: `line line-${index}`, d: "M1 4H17" }));
}

async function ask() {
  clearTimeout(next);
  if (asking) return;
  asking = true;
  const timeout = AbortSignal.timeout(LONGEST_MS);
  try {
    const figures = await get("metrics/performance/live", [], { signal: timeout, tries: 1 });
    if (paused) return;
    awaySince = null;
    take(figures);
  } catch (problem) {
    if (!(problem instanceof Problem) && !timeout.aborted) throw problem;
    if (paused) return;
    awaySince ??= new Date();
    take(null, problem instanceof Problem ? problem.title : "the service does not answer");
  } finally {
    asking = false;
    if (!paused) next = setTimeout(ask, EVERY_MS);
  }
}

// figures: null where there was no answer
function take(figures, reason = "") {
  const at = Date.now() / 1000;
  points = [...points.filter((one) => one.at > at - SECONDS), { at, figures }];
  draw(reason);
}

function draw(reason = "") {
  const { figures } = points.at(-1) ?? {};
  for (const card of cards) card.draw();
  if (figures) drawFacts(figures);
  drawState();
  const away = () => [{ key: "away", kind: "critical firing",
    text: `${sentence(reason)} since ${time(awaySince)}. It is asked again every second.` }];
  const alerts = awaySince ? away() : figures ? violated(figures) : [];
  const place = byId("alerts");
  const keys = alerts.map((one) => one.key).join("\n");
  if (place.dataset.keys === keys) return; // what is said aloud is said once, not at every new figure
  place.dataset.keys = keys;
  place.replaceChildren(...alerts.map(({ kind, text }) => element("li", { class: kind }, text)));
}

function drawState() {
  const place = byId("state");
  place.className = `state ${awaySince ? "away" : paused ? "" : "live"}`;
  place.textContent = awaySince ? "Away" : paused ? "Paused" : "Live";
  document.querySelector(".board").classList.toggle("stale", awaySince !== null);
}

// The rules are the service's (docs/alerts.md); a limit that is only just passed is pending, not yet an alert.
function violated(figures) {
  return figures.alerts.map(({ rule, state, severity, summary, since }) => ({ key: `${rule} ${state}`, kind: `${severity} ${state}`,
    text: `${summary} Since ${time(new Date(since))}${state === "pending" ? ", not long enough for an alert yet" : ""}.` }));
}

function importing({ stage, done, total, unit, seconds }) {
  const said = total ? `${number(done)} of ${number(total)} ${unit}` : done ? `${number(done)} ${unit}` : "";
  return element("article", { class: "card" }, element("h2", {}, "An import is running"),
    element("p", {}, `${sentence(stage)}${said && `: ${said}`}, for ${duration(seconds)}`),
    element("progress", total ? { max: total, value: done, "aria-label": stage } : { "aria-label": stage }));
}

function drawFacts(figures) {
  const { corpus_stats: corpus } = figures;
  const lists = [
    ["The store", [
      ["Messages", number(corpus.total_messages)], ["Conversations", number(corpus.total_conversations)],
      ["Texts with vectors", number(corpus.total_embeddings)], ["Memories", number(corpus.total_facts)],
      ["Labels", number(corpus.total_labels)]]],
    ["Messages by assistant", Object.entries(corpus.assistants).sort(([, a], [, b]) => b - a)
      .map(([name, messages]) => [assistantName(name), number(messages)])],
    ["The service", [
      ["Generation", figures.generation === null ? "–" : number(figures.generation)],
      ["Published", figures.generation_age_seconds === null ? "–" : `${duration(figures.generation_age_seconds)} ago`],
      ["Running for", duration(figures.uptime_seconds)], ["Workers", number(figures.workers)],
      ["Open connections to the database", number(figures.database.active_connections)],
      ["Turned away", number(figures.rejected)]]],
  ];
  const running = figures.ingestion ? [importing(figures.ingestion)] : [];
  byId("facts").replaceChildren(...running, ...lists.map(([title, rows]) => element("article", { class: "card" },
    element("h2", {}, title),
    element("dl", {}, rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)))))));
}

const isOver = ({ limit, of, counts = () => true }, figures) => limit !== null && counts(figures) && of(figures) > limit;
const perWorker = (figures, bytes) => (figures.workers > 0 ? bytes / figures.workers / MEGABYTE : null);
const round = (value, digits) => Number(value.toFixed(digits));
const time = (moment) => moment.toLocaleTimeString();
const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

function duration(seconds) {
  const units = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]];
  const at = Math.max(0, units.findIndex(([size]) => seconds >= size));
  const [size, name] = units[seconds < 1 ? 3 : at];
  const whole = Math.floor(seconds / size);
  const [next, nextName] = units[at + 1] ?? [1, ""];
  const rest = Math.floor((seconds - whole * size) / next);
  return nextName && size > 60 && rest ? `${whole} ${name} ${rest} ${nextName}` : `${whole} ${name}`;
}

byId("cards").append(...cards.map((one) => one.card));
byId("pause").addEventListener("click", (event) => {
  paused = !paused;
  event.currentTarget.setAttribute("aria-pressed", String(paused));
  event.currentTarget.textContent = paused ? "Go on" : "Pause";
  drawState();
  if (!paused) ask();
});
addEventListener("resize", () => points.length && draw());
ask();
