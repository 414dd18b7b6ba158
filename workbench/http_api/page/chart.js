// A line chart of the last minutes: time to the right, gaps where nothing is known.

import { svg } from "./dom.js";

const HEIGHT = 120;
const LEFT = 44;
const BOTTOM = 18;
const TOP = 6;

export class Chart {
  #place;
  #lines;
  #format;
  #seconds;
  #limit;
  #top;
  #points = [];
  #pointed = null;

  // lines: how many; format(value) writes a value; seconds: how far back; limit: a value to mark, or null;
  // top: the highest value there is, or null to go by the values;
  // onpoint(point or null) is called with what the pointer is on.
  constructor({ name, lines, format, seconds, limit = null, top = null, onpoint }) {
    this.#lines = lines;
    this.#format = format;
    this.#seconds = seconds;
    this.#limit = limit;
    this.#top = top;
    this.#place = svg("svg", { class: "chart", role: "img", "aria-label": name });
    this.#place.addEventListener("pointermove", (event) => this.#point(event, onpoint));
    this.#place.addEventListener("pointerleave", () => {
      this.#pointed = null;
      onpoint(null);
      this.draw(this.#points);
    });
  }

  get element() {
    return this.#place;
  }

  // points: [{at: Unix seconds, values: [number or null, one for each line]}], oldest first
  draw(points) {
    this.#points = points;
    const width = this.#place.clientWidth;
    const now = points.at(-1)?.at;
    if (!width || now === undefined) return;
    const top = this.#top ?? niceCeiling(Math.max(...points.flatMap((one) => one.values.map((value) => value ?? 0))));
    const x = (at) => LEFT + (width - LEFT) * (1 - (now - at) / this.#seconds);
    const y = (value) => TOP + (HEIGHT - BOTTOM - TOP) * (1 - value / top);
    this.#place.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.#place.replaceChildren(...[
      ...[0, top / 2, top].flatMap((value) => [
        svg("line", { class: "grid-line", x1: LEFT, x2: width, y1: y(value), y2: y(value) }),
        svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, this.#format(value))]),
      svg("text", { x: LEFT, y: HEIGHT - 3 }, `${Math.round(this.#seconds / 60)} min ago`),
      svg("text", { x: width, y: HEIGHT - 3, "text-anchor": "end" }, "now"),
      this.#limit !== null && this.#limit <= top
        ? svg("line", { class: "limit-line", x1: LEFT, x2: width, y1: y(this.#limit), y2: y(this.#limit) }) : null,
      ...Array.from({ length: this.#lines }, (_, line) => (
        svg("path", { class: `line line-${line}`, d: path(points, line, x, y) }))),
      this.#pointed === null ? null
        : svg("line", { class: "pointer", x1: x(this.#pointed), x2: x(this.#pointed), y1: TOP, y2: HEIGHT - BOTTOM }),
    ].filter(Boolean));
  }

  #point(event, onpoint) {
    const now = this.#points.at(-1)?.at;
    if (now === undefined) return;
    const { left, width } = this.#place.getBoundingClientRect();
    const at = now - this.#seconds * (1 - (event.clientX - left - LEFT) / (width - LEFT));
    const nearest = this.#points.reduce((best, one) => (Math.abs(one.at - at) < Math.abs(best.at - at) ? one : best));
    this.#pointed = nearest.at;
    onpoint(nearest);
    this.draw(this.#points);
  }
}

function path(points, line, x, y) {
  let drawn = "";
  let open = false;
  for (const { at, values } of points) {
    const value = values[line];
    if (value !== null) drawn += `${open ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}${open ? "" : "h0.01"}`;
    open = value !== null;
  }
  return drawn;
}

// The next of 1, 2, 4, 5 or 10 times a power of ten.
export function niceCeiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].find((one) => one * power >= value) * power;
}
