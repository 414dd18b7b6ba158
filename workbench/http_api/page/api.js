// Asking the service. What it cannot answer is thrown as a Problem (RFC 9457).

import { token, askForToken } from "./token.js";

const BUSY = new Set([429, 503]);
const LONGEST_WAIT_SECONDS = 5;

export class Problem extends Error {
  constructor({ title, detail = "", todo = "", status = 0 }) {
    super(title);
    Object.assign(this, { title, detail, todo, status });
  }
}

// parameters: [[name, value], …]; a busy service is asked again at most `tries` times in all.
export function get(path, parameters = [], { signal, tries = 3 } = {}) {
  const query = new URLSearchParams(parameters).toString();
  return ask(query ? `${path}?${query}` : path, { signal }, tries);
}

export function post(path, body) {
  return ask(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }, 1);
}

async function ask(url, options, tries) {
  const used = token();
  const headers = { Accept: "application/json", ...options.headers, ...(used ? { Authorization: `Bearer ${used}` } : {}) };
  const response = await reached(url, { ...options, headers });
  if (response.ok) return response.json();
  if (response.status === 401 && (await askForToken(used))) return ask(url, options, tries);
  const wait = Number(response.headers.get("Retry-After"));
  if (BUSY.has(response.status) && wait > 0 && wait <= LONGEST_WAIT_SECONDS && tries > 1) {
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    options.signal?.throwIfAborted();
    return ask(url, options, tries - 1);
  }
  throw await problemOf(response);
}

async function reached(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ title: "the service cannot be reached", todo: "see whether `workbench serve` is running" });
  }
}

async function problemOf(response) {
  if ((response.headers.get("Content-Type") ?? "").includes("json")) {
    const body = await response.json();
    if (typeof body.title === "string") return new Problem({ ...body, status: response.status });
  }
  return new Problem({ title: `the service answered ${response.status}`, status: response.status });
}
