// The text of a message as elements: paragraphs, lists, headings and code. Everything else stays the text it is.

import { element } from "./dom.js";
import { marked, spansIn } from "./words.js";

const FENCE = /^[ \t>]*(`{3,}|~{3,})([^`]*)$/;
const INLINE = /`([^`\n]+)`|(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])|(?<![\w*])\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*(?![\w*])|(https?:\/\/[^\s<>"'`)\]]+[^\s<>"'`)\].,;:!?])/g;
const HEADING = /^#{1,6} +(.+)$/;
const ROW = /^\s*\|.+\|\s*$/;
const RULE = /^[\s|:-]+$/;
const ITEM = /^(\s*)([-*+•]|\d{1,3}[.)]) +(.*)$/;

// `wanted` is a pattern of words to mark, or null. What a person wrote is not taken for Markdown, but for its code.
export function body(value, wanted, { markdown }) {
  const parts = document.createDocumentFragment();
  for (const block of blocks(value)) {
    if (block.code !== undefined) parts.append(code(block.code, block.language, wanted));
    else if (markdown) parts.append(...prose(block.lines, wanted));
    else if (block.lines.join("").trim()) parts.append(paragraph(block.lines.join("\n").trim(), wanted));
  }
  return parts;
}

export function code(value, language, wanted) {
  return element("figure", { class: "code" },
    language ? element("figcaption", {}, language) : null,
    element("pre", { tabindex: "0", role: "region", "aria-label": `Code${language ? ` in ${language}` : ""}` },
      element("code", { dir: "ltr" }, marks(value, wanted))));
}

function* blocks(value) {
  const lines = value.split("\n");
  let plain = [];
  for (let at = 0; at < lines.length; at += 1) {
    const opening = FENCE.exec(lines[at]);
    if (!opening) {
      plain.push(lines[at]);
      continue;
    }
    if (plain.length) yield { lines: plain };
    plain = [];
    const indent = lines[at].length - lines[at].trimStart().length;
    const inside = [];
    for (at += 1; at < lines.length && !closes(lines[at], opening[1]); at += 1) {
      inside.push(lines[at].slice(0, indent).trimStart() + lines[at].slice(indent));
    }
    yield { code: inside.join("\n"), language: opening[2].trim().split(/\s/)[0] };
  }
  if (plain.length) yield { lines: plain };
}

function closes(line, fence) {
  const found = FENCE.exec(line);
  return found !== null && found[1].startsWith(fence) && found[2].trim() === "";
}

function prose(lines, wanted) {
  const made = [];
  let kind = null;
  for (const line of lines) {
    const heading = HEADING.exec(line);
    const item = ITEM.exec(line);
    const next = line.trim() === "" ? null : heading ? "heading" : item ? "list" : ROW.test(line) ? "table" : "text";
    if (next === "heading") made.push(element("p", { class: "heading", dir: "auto" }, inline(heading[1], wanted)));
    else if (next === "list") {
      if (kind !== "list") made.push(element("ul", {}));
      made.at(-1).append(listItem(item, wanted));
    } else if (next === "table") {
      if (kind !== "table") made.push(element("div", { class: "table", tabindex: "0" }, element("table", {})));
      if (!RULE.test(line)) made.at(-1).firstChild.append(row(line, wanted));
    } else if (next !== null && next === kind) made.at(-1).append("\n", inline(line, wanted));
    else if (next === "text") made.push(element("p", { dir: "auto" }, inline(line, wanted)));
    kind = next ?? (kind === "list" ? "list" : null);
  }
  return made;
}

function row(line, wanted) {
  const cells = line.trim().replace(/^\||\|$/g, "").split("|");
  return element("tr", {}, cells.map((cell) => element("td", { dir: "auto" }, inline(cell.trim(), wanted))));
}

function listItem([, indent, sign, words], wanted) {
  const depth = Math.min(3, Math.floor(indent.replaceAll("\t", "  ").length / 2));
  return element("li", { class: `depth-${depth}`, dir: "auto" },
    element("span", { class: "sign" }, /\d/.test(sign) ? sign : "•"), element("span", {}, inline(words, wanted)));
}

function paragraph(value, wanted) {
  return element("p", { dir: "auto" }, marks(value, wanted));
}

function inline(value, wanted) {
  const parts = document.createDocumentFragment();
  let at = 0;
  for (const found of value.matchAll(INLINE)) {
    parts.append(marks(value.slice(at, found.index), wanted), span(found, wanted));
    at = found.index + found[0].length;
  }
  parts.append(marks(value.slice(at), wanted));
  return parts;
}

function span([, literal, stressed, strong, link], wanted) {
  if (literal) return element("code", {}, marks(literal, wanted));
  if (stressed) return element("em", {}, marks(stressed, wanted));
  if (strong) return element("strong", {}, marks(strong, wanted));
  return element("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, marks(link, wanted));
}

function marks(value, wanted) {
  return marked(value, spansIn(value, wanted));
}
