// The box for what is to be remembered.

import { post } from "./api.js";
import { byId } from "./dom.js";
import { problemBox } from "./problem.js";

const TOAST_MS = 4000;

export function prepareRemembering({ onremembered }) {
  const dialog = byId("remember-dialog");
  const form = byId("remember-form");
  const problem = form.querySelector(".form-problem");
  const fields = form.elements;

  function open() {
    problem.replaceChildren();
    dialog.showModal();
    fields.content.focus();
  }

  async function send(event) {
    event.preventDefault();
    const submit = form.querySelector("[type=submit]");
    submit.disabled = true;
    try {
      await post("api/v1/encode", {
        content: fields.content.value.trim(),
        category: fields.category.value.trim(),
        confidence: Number(fields.confidence.value),
        labels: fields.labels.value.split(",").map((one) => one.trim()).filter(Boolean),
      });
      form.reset();
      showConfidence();
      dialog.close();
      toast("Remembered. The next search finds it.");
      onremembered();
    } catch (found) {
      if (found.title === undefined) throw found;
      problem.replaceChildren(problemBox(found));
    } finally {
      submit.disabled = false;
    }
  }

  function showConfidence() {
    byId("confidence-value").textContent = `${Math.round(fields.confidence.value * 100)} %`;
  }

  byId("remember").addEventListener("click", open);
  form.addEventListener("submit", send);
  fields.confidence.addEventListener("input", showConfidence);
  return { open };
}

function toast(words) {
  const place = byId("toast");
  place.textContent = words;
  place.hidden = false;
  setTimeout(() => {
    place.hidden = true;
  }, TOAST_MS);
}
