// How values are called and written for people.

const ASSISTANTS = { chatgpt: "ChatGPT", claude: "Claude", gemini: "Gemini", memory: "Memory" };
const ROLES = { user: "You", assistant: "Assistant", system: "System", tool: "Tool" };
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const MONTH = new Intl.DateTimeFormat(undefined, { month: "short", year: "numeric", timeZone: "UTC" });
const NUMBER = new Intl.NumberFormat("en");

export const number = (value) => NUMBER.format(value);
export const day = (instant) => DAY.format(new Date(instant));
export const moment = (instant) => MOMENT.format(new Date(instant));
export const assistantName = (key) => ASSISTANTS[key] ?? titled(key);
export const plural = (count, one, several = `${one}s`) => `${number(count)} ${count === 1 ? one : several}`;

// Who speaks in a message of a conversation with `assistant`.
export function speaker(role, assistant) {
  if (assistant === "memory") return "Memory";
  if (role === "assistant") return assistantName(assistant);
  return ROLES[role] ?? titled(role);
}

export function valueName(facet, value) {
  if (facet === "assistant") return assistantName(value);
  if (facet === "role") return ROLES[value] ?? titled(value);
  if (facet === "month") return MONTH.format(new Date(`${value}-01T00:00:00Z`));
  if (facet === "kind") return titled(value);
  return value;
}

export function titled(value) {
  const words = value.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
