/** A form that is sent once at a time, keeps what was typed, and shows a refusal beside the field it is about. */
import { $, $$ } from "../dom.js";
import { checkInput } from "./inputs.js";

const LONGEST_COUNTDOWN_S = 120;

/** `act(values)` sends the form; it returns true when the page is being left, so that the form stays busy. */
export function wire(form, act) {
  const button = $("[type=submit]", form);
  const label = $("span", button);
  const idle = label.textContent;
  let waiting = null;

  function setBusy(busy) {
    form.toggleAttribute("data-busy", busy);
    button.setAttribute("aria-disabled", String(busy));
    button.classList.toggle("busy", busy);
    label.textContent = busy ? button.dataset.busy : idle;
  }

  function stopWaiting() {
    clearInterval(waiting);
    if (waiting) setBusy(false);
    waiting = null;
  }

  function wait(until) {
    const draw = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left <= 0) return stopWaiting();
      label.textContent = `Try again in ${left} s`;
    };
    setBusy(true);
    button.classList.remove("busy");
    waiting = setInterval(draw, 500);
    draw();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.hasAttribute("data-busy")) return;
    clearSaid(form);
    if (!complete(form)) return;
    setBusy(true);
    try {
      if (await act(Object.fromEntries(new FormData(form)))) return;
      setBusy(false);
    } catch (refusal) {
      setBusy(false);
      showRefusal(form, refusal);
      const until = Date.parse(refusal.resets_at);
      if (until - Date.now() < LONGEST_COUNTDOWN_S * 1000) wait(until);
    }
  });
  form.addEventListener("input", ({ target }) => {
    say(target, "");
    stopWaiting();
  });
  // Back from the next page, which the browser may answer with this one as it was left.
  addEventListener("pageshow", ({ persisted }) => persisted && setBusy(false));
  form.dataset.wired = "";
  if ("early" in form.dataset) form.requestSubmit();
}

function complete(form) {
  const wrong = $$("input:not([hidden])", form).filter((input) => say(input, checkInput(input)));
  wrong[0]?.focus();
  return !wrong.length;
}

/** Show `text` under the input; without one, its hint. Returns whether something is wrong. */
function say(input, text) {
  const said = document.getElementById(`${input.id}-said`);
  if (said) said.textContent = text || said.dataset.hint;
  said?.classList.toggle("wrong", Boolean(text));
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  return Boolean(text);
}

function clearSaid(form) {
  for (const input of $$("input:not([hidden])", form)) say(input, "");
  $(".refusal", form).hidden = true;
}

/** Beside the field the server names, or the one the form blames when what was typed is refused; else above the button. */
function showRefusal(form, refusal) {
  const blamed = refusal.field ?? ([401, 403, 422].includes(refusal.status) ? form.dataset.blames : null);
  const input = $$("input:not([hidden])", form).find(({ name }) => name === blamed);
  if (input) {
    say(input, refusal.message);
    input.focus();
    input.select();
    return;
  }
  const element = $(".refusal", form);
  element.textContent = refusal.message;
  element.hidden = false;
}
