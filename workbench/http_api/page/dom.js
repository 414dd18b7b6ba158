// Making elements. Text only ever becomes text nodes: messages are hostile input.

const SVG = "http://www.w3.org/2000/svg";

// Characters that would reorder what stands around them. They are shown by their numbers instead.
const REORDERING = /([\u202a-\u202e\u2066-\u2069])/;

// element("p", {class: "x", onclick: f, "aria-label": "…"}, "text", other, …); null and false are left out.
export function element(name, properties = {}, ...children) {
  return filled(document.createElement(name), properties, children);
}

export function svg(name, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, name), properties, children);
}

export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));
}

export function text(value) {
  if (!REORDERING.test(value)) return document.createTextNode(value);
  const parts = document.createDocumentFragment();
  value.split(REORDERING).forEach((part, index) => {
    if (index % 2 === 0) parts.append(part);
    else parts.append(element("span", { class: "control", title: "a character that changes the direction of text" },
      `U+${part.codePointAt(0).toString(16).toUpperCase()}`));
  });
  return parts;
}

export function byId(id) {
  return document.getElementById(id);
}

function filled(made, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, one] of Object.entries(value)) made.style.setProperty(key, one);
    else made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    made.append(child instanceof Node ? child : text(String(child)));
  }
  return made;
}
