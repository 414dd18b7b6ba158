// What is asked for, as it stands in the address: links can be shared, back and forward work.

// The filters: facet of the answers, parameter of the API and the address, field of the query language, name for people.
export const FILTERS = [
  { facet: "assistant", parameter: "assistant", field: "assistant", title: "Assistant" },
  { facet: "role", parameter: "role", field: "role", title: "Who speaks" },
  { facet: "month", parameter: "month", field: "on", title: "Month", single: true },
  { facet: "project", parameter: "project", field: "project", title: "Project" },
  { facet: "kind", parameter: "has", field: "has", title: "Carries" },
  { facet: "language", parameter: "lang", field: "lang", title: "Language of code" },
  { facet: "model", parameter: "model", field: "model", title: "Model" },
];
export const MODES = ["hybrid", "lexical", "semantic"];

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

// q: the query; filters: {parameter: [value]}; open: a message to read; like: a message to find the nearest to.
export function read(search = location.search) {
  const parameters = new URLSearchParams(search);
  const mode = parameters.get("mode");
  const filters = Object.fromEntries(FILTERS.map(({ parameter }) => [parameter, parameters.getAll(parameter)]));
  filters.month = filters.month.filter((one) => MONTH.test(one)).slice(0, 1);
  return {
    q: parameters.get("q") ?? "",
    filters,
    mode: MODES.includes(mode) ? mode : "hybrid",
    group: parameters.get("group") === "true",
    open: parameters.get("open") ?? "",
    like: parameters.get("like") ?? "",
  };
}

export function address(state) {
  const parameters = [];
  if (state.q) parameters.push(["q", state.q]);
  parameters.push(...filterPairs(state.filters));
  if (state.mode !== "hybrid") parameters.push(["mode", state.mode]);
  if (state.group) parameters.push(["group", "true"]);
  if (state.like) parameters.push(["like", state.like]);
  if (state.open) parameters.push(["open", state.open]);
  const written = new URLSearchParams(parameters).toString();
  return written ? `${location.pathname}?${written}` : location.pathname;
}

export function isEmpty(state) {
  return !state.q.trim() && !state.like && filterPairs(state.filters).length === 0;
}

// `state` with one value of a filter taken or, where it was taken, let go.
export function toggled(state, { parameter, single }, value) {
  const before = state.filters[parameter];
  const others = before.filter((one) => one !== value);
  const after = others.length < before.length ? others : single ? [value] : [...before, value];
  return { ...state, filters: { ...state.filters, [parameter]: after }, open: "" };
}

// What the search is asked. It wants a query: filters alone are written in its language.
export function searchParameters(state) {
  const parameters = [["mode", state.mode], ["group", String(state.group)]];
  if (!state.q.trim()) return [["q", inWords(state.filters)], ...parameters];
  return [["q", state.q], ...parameters, ...asked(state.filters)];
}

// What is asked for counts without the values of one filter: those of its own facet, or nothing is left to choose.
export function countParameters(state, without) {
  const words = state.q.trim() ? [["q", state.q]] : [];
  return [...words, ...asked({ ...state.filters, [without]: [] })];
}

function asked(filters) {
  const months = filters.month.flatMap((one) => [["after", `${one}-01`], ["before", `${following(one)}-01`]]);
  return [...filterPairs({ ...filters, month: [] }), ...months];
}

function filterPairs(filters) {
  return Object.entries(filters).flatMap(([name, values]) => values.map((value) => [name, value]));
}

function inWords(filters) {
  return FILTERS.flatMap(({ parameter, field }) => (filters[parameter] ?? []).map((value) => (
    field === "on" ? `on:${value}` : `${field}:"${value.replaceAll('"', "")}"`))).join(" ");
}

function following(month) {
  const [year, number] = month.split("-").map(Number);
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, "0")}`;
}
