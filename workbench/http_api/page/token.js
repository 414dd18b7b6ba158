// The token of a service that asks for one: kept until the tab is closed.

import { element } from "./dom.js";

const KEY = "token";
let asking = null;

export function token() {
  return sessionStorage.getItem(KEY) ?? "";
}

// Whether there is a token to try again with. `used` is the one that was refused ("" for none); requests that are
// refused together share one question.
export function askForToken(used) {
  if (token() !== used) return Promise.resolve(true);
  asking ??= question(used !== "").finally(() => {
    asking = null;
  });
  return asking;
}

function question(refused) {
  return new Promise((resolve) => {
    const input = element("input", { type: "password", name: "token", required: true, autocomplete: "off", id: "token" });
    const form = element("form", { class: "form", onsubmit: accept },
      element("h2", { id: "token-title" }, "This service asks for a token"),
      element("p", {}, refused
        ? "The token was refused. Whoever runs the service can tell you the right one."
        : "Whoever runs the service has it. It is kept until this tab is closed."),
      element("label", {}, "Token", input),
      element("div", { class: "form-foot" }, element("button", { class: "primary" }, "Continue")));
    const dialog = element("dialog", { "aria-labelledby": "token-title", onclose: close }, form);

    function accept(event) {
      event.preventDefault();
      sessionStorage.setItem(KEY, input.value);
      dialog.close("given");
    }
    function close() {
      dialog.remove();
      resolve(dialog.returnValue === "given");
    }
    document.body.append(dialog);
    dialog.showModal();
  });
}
