// A conversation, opened at the message that was found, with all matches marked.

import { element, icon } from "./dom.js";
import { memoryThread, openThread } from "./thread.js";
import { code, body } from "./message.js";
import { assistantName, day, moment, speaker, titled } from "./names.js";
import { problemBox } from "./problem.js";
import { memoryTags } from "./results.js";
import { pattern } from "./words.js";

// onclose() and onsimilar(messageId) are called by the reader's buttons.
export class Reader {
  #place;
  #actions;
  #thread = null;
  #wanted = null;
  #marks = [];
  #at = -1;
  #asking = null;
  #parts = {};
  #watcher = null;
  #steps = Promise.resolve();

  constructor(place, actions) {
    this.#place = place;
    this.#actions = actions;
  }

  get isOpen() {
    return !this.#place.hidden;
  }

  // `hit` is the message as it was found, null where only its id is known. `formsIn(conversationId)` promises the words
  // to mark. What was asked for last is shown, whatever answers later.
  async open(messageId, hit, formsIn) {
    this.#asking?.abort();
    const { signal } = (this.#asking = new AbortController());
    this.#place.hidden = false;
    this.#frame();
    try {
      const memory = hit?.assistant === "memory" ? hit : null;
      const reading = memory ? memoryThread(memory) : openThread(messageId, signal);
      const [thread, forms] = await Promise.all([
        reading, formsIn(hit?.conversation_id ?? (await reading).conversation.id, signal)]);
      if (!signal.aborted) this.#show(thread, messageId, pattern(forms), memory);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      if (problem.title === undefined) throw problem;
      this.#parts.body.replaceChildren(problemBox(problem, () => this.open(messageId, hit, formsIn)));
    } finally {
      if (!signal.aborted) this.#place.removeAttribute("aria-busy");
    }
  }

  close() {
    this.#asking?.abort();
    this.#watcher?.disconnect();
    this.#place.hidden = true;
    this.#place.replaceChildren();
  }

  // To the next match (1) or the one before (-1), loading what is not there yet; round again at the end. One step is
  // made after the other, however fast they are asked for.
  step(by) {
    this.#steps = this.#steps.then(() => this.#step(by));
    return this.#steps;
  }

  async #step(by) {
    const thread = this.#thread;
    if (!thread || !this.#wanted) return;
    const isOver = () => this.#at + by < 0 || this.#at + by >= this.#marks.length;
    for (const which of by < 0 ? ["earlier", "later"] : ["later", "earlier"]) {
      while (isOver() && (which === "earlier" ? thread.hasEarlier : thread.hasLater)) {
        if (!(await this.#more(which)) || thread !== this.#thread) return;
      }
      if (!isOver()) break;
    }
    const count = this.#marks.length;
    if (count) this.#goTo((this.#at + by + count) % count);
  }

  #frame() {
    const title = element("h2", { class: "reader-title", tabindex: "-1", dir: "auto" }, "…");
    const facts = element("p", { class: "reader-facts" });
    const count = element("span", { class: "match-count", role: "status" });
    const matches = element("div", { class: "matches", role: "group", "aria-label": "Matches", hidden: true }, count,
      button("up", "Previous match (p)", () => this.step(-1)), button("down", "Next match (n)", () => this.step(1)));
    const scroller = element("div", { class: "reader-body", tabindex: "0", role: "region", "aria-label": "Messages" });
    this.#parts = { title, facts, count, matches, body: scroller };
    this.#place.setAttribute("aria-busy", "true");
    this.#place.replaceChildren(
      element("header", { class: "reader-head" }, element("div", { class: "reader-name" }, title, facts), matches,
        button("close", "Close (Esc)", this.#actions.onclose)),
      scroller);
    this.#thread = null;
    this.#wanted = null;
    title.focus({ preventScroll: true });
  }

  #show(thread, messageId, wanted, memory) {
    const { conversation } = thread;
    this.#thread = thread;
    this.#wanted = wanted;
    this.#parts.title.replaceChildren(element("span", {}, conversation.title || "(untitled)"));
    this.#parts.facts.textContent = [
      assistantName(conversation.assistant), conversation.model, conversation.project,
      conversation.created_at && day(conversation.created_at),
    ].filter(Boolean).join(" · ");
    const [above, below] = [0, 1].map(() => element("div", { class: "edge" }));
    this.#parts.above = above;
    this.#parts.below = below;
    this.#parts.body.replaceChildren(above, ...thread.messages.map((one) => this.#turn(one)), below);
    const target = this.#parts.body.querySelector(`[data-message="${CSS.escape(messageId)}"]`);
    target?.classList.add("target");
    if (memory) target.querySelector(".turn-head").append(...memoryTags(memory).filter(Boolean));
    this.#collect();
    this.#land(target);
    this.#watch();
  }

  #turn(message) {
    const { assistant } = this.#thread.conversation;
    const carried = this.#thread.artifactsOf(message.id).filter((one) => !isShown(one, message));
    return element("article", { class: `turn ${message.role}`, "data-message": message.id },
      element("header", { class: "turn-head" },
        element("h3", {}, speaker(message.role, assistant)),
        message.created_at && element("time", { datetime: message.created_at }, moment(message.created_at)),
        message.on_active_path === false && element("span", { class: "tag" }, "another branch"),
        message.kind !== "text" && element("span", { class: "tag" }, titled(message.kind)),
        assistant !== "memory" && element("button", {
          type: "button", class: "turn-action", onclick: () => this.#actions.onsimilar(message.id) }, "Similar")),
      element("div", { class: "words" }, body(message.content, this.#wanted, { markdown: message.role !== "user" })),
      ...carried.map((one) => artifact(one, this.#wanted)));
  }

  #land(target) {
    if (!target) return;
    this.#scrollTo(target, 12);
    const first = this.#marks.findIndex((mark) => target.contains(mark));
    if (first < 0) return;
    this.#choose(first);
    const { bottom } = this.#parts.body.getBoundingClientRect();
    if (this.#marks[first].getBoundingClientRect().bottom > bottom - 40) this.#centre(this.#marks[first]);
  }

  // Not scrollIntoView: that would move the results too.
  #scrollTo(one, below) {
    const scroller = this.#parts.body;
    scroller.scrollTop += one.getBoundingClientRect().top - scroller.getBoundingClientRect().top - below;
  }

  #centre(one) {
    this.#scrollTo(one, this.#parts.body.clientHeight / 2);
    const inside = one.closest("pre");
    if (inside) inside.scrollTop += one.getBoundingClientRect().top - inside.getBoundingClientRect().top - inside.clientHeight / 2;
    if (inside) this.#scrollTo(one, this.#parts.body.clientHeight / 2);
  }

  #watch() {
    this.#watcher?.disconnect();
    this.#watcher = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) this.#more(target === this.#parts.above ? "earlier" : "later");
      }
    }, { root: this.#parts.body, rootMargin: "600px" });
    this.#watcher.observe(this.#parts.above);
    this.#watcher.observe(this.#parts.below);
  }

  // Whether it could be loaded. Who cannot read on sees why at that end.
  async #more(which) {
    const thread = this.#thread;
    let added;
    try {
      added = await thread[which]();
    } catch (problem) {
      if (problem.name === "AbortError") return false;
      if (problem.title === undefined) throw problem;
      const edge = which === "earlier" ? this.#parts.above : this.#parts.below;
      edge.replaceChildren(problemBox(problem, () => {
        edge.replaceChildren();
        this.#more(which);
      }));
      return false;
    }
    if (thread !== this.#thread || added.length === 0) return true;
    const scroller = this.#parts.body;
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    const turns = added.map((one) => this.#turn(one));
    if (which === "earlier") {
      this.#parts.above.after(...turns);
      scroller.scrollTop = scroller.scrollHeight - fromEnd;
    } else this.#parts.below.before(...turns);
    this.#collect();
    this.#watch();
    return true;
  }

  #collect() {
    const current = this.#marks[this.#at];
    this.#marks = [...this.#parts.body.querySelectorAll("mark")];
    this.#at = current ? this.#marks.indexOf(current) : -1;
    this.#parts.matches.hidden = this.#marks.length === 0;
    this.#count();
  }

  #goTo(index) {
    this.#choose(index);
    const mark = this.#marks[index];
    mark.closest("details")?.setAttribute("open", "");
    this.#centre(mark);
  }

  #choose(index) {
    this.#marks[this.#at]?.classList.remove("current");
    this.#at = index;
    this.#marks[index].classList.add("current");
    this.#count();
  }

  #count() {
    const open = this.#thread.hasEarlier || this.#thread.hasLater ? "+" : "";
    const at = this.#at < 0 ? "–" : this.#at + 1;
    this.#parts.count.textContent = `${at} of ${this.#marks.length}${open}`;
  }
}

function button(name, label, onclick) {
  return element("button", { type: "button", class: "square tool", "aria-label": label, title: label, onclick }, icon(name));
}

// Code that stands in the message itself is there already.
function isShown({ kind, content }, message) {
  return kind === "code" && message.content.includes(content.trim());
}

function artifact(one, wanted) {
  const name = [titled(one.kind), one.title, one.version && `version ${one.version}`].filter(Boolean).join(" · ");
  const inside = one.content ? code(one.content, one.language, wanted) : null;
  if (!inside) return element("p", { class: "artifact-name" }, name, one.reference ? ` (${one.reference})` : "");
  return element("details", { class: "artifact" }, element("summary", {}, name), inside);
}
