/** The prompt box: `gr.MultimodalTextbox` with its hints, its errors below it, and the start and stop of runs. */
import { leftOf, isLow, onUsage, refreshUsage, resets, wayUp } from "./account.js";
import { $, h, icon } from "./dom.js";
import { drawUnder } from "./landing.js";
import { open, store } from "./store.js";

let trigger = () => {};
let filled = "";
let error;
let wasActive = null;

export function startComposer(fire) {
  trigger = fire;
  const refresh = () => {
    const state = `${store.id}/${Boolean(store.active)}`;
    if (state === wasActive) return;
    wasActive = state;
    trigger("composer");
  };
  store.on("view", refresh);
  store.on("project", () => {
    fail("");
    refresh();
    setTimeout(fitBox, 50);
  });
  store.on("gone", () => {
    open(null, true);
    fail("That project is not here: it was deleted, or the link is wrong.");
  });
  document.addEventListener("input", (event) => event.isTrusted && event.target.closest?.("#box") && fail(""));
}

export function mountUnder(element) {
  error = h("p", { class: "error", role: "alert", hidden: true });
  const left = h("p", { class: "left", hidden: true });
  element.append(error, left);
  onUsage((me) => drawLeft(left, me.usage));
  drawUnder(element);
}

/** Show what went wrong next to the prompt, which is kept; "" takes it away. `way`: a link that helps, `{href, label, target}`. */
export function fail(message, way = null) {
  if (!error) return;
  error.hidden = !message;
  const link = way && h("a", { href: way.href, target: way.target, rel: "noopener" }, way.label);
  error.replaceChildren(...(message ? [icon("warning"), h("span", {}, message, link && " ", link)] : []));
}

/** What is left of the tier, once that is little. */
function drawLeft(element, usage) {
  element.hidden = usage.tier.points == null || !isLow(usage);
  const way = wayUp();
  element.replaceChildren(`${leftOf(usage)}, ${resets(usage)}.`, ...(way ? [" ", h("a", { href: way.href, target: way.target, rel: "noopener" }, way.label)] : []));
}

export function composerProps() {
  const active = Boolean(store.active);
  const placeholder = active ? "The agent is working…" : store.id ? "Ask for a change…" : "Describe what you want to build…";
  return { __type__: "update", submit_btn: !active, stop_btn: active, placeholder };
}

export const promptProps = () => ({ __type__: "update", value: { text: filled, files: [] } });

/** Gradio fits the box's height to its text when something is typed; the landing's box is taller than the chat's. */
const fitBox = () => $("#box textarea")?.dispatchEvent(new Event("input", { bubbles: true }));

/** Put `text` in the box for the person to send. */
export function fill(text) {
  filled = text;
  fail("");
  trigger("prompt");
  setTimeout(focusPrompt, 60);
}

export function focusPrompt() {
  const box = $("#box textarea");
  box?.focus();
  box?.setSelectionRange(box.value.length, box.value.length);
}

export function submitting(prompt) {
  fail("");
  document.body.dataset.sending = "";
  return [prompt, store.id ?? ""];
}

export function submitted(outcome) {
  delete document.body.dataset.sending;
  const { error, limit, project_id } = JSON.parse(outcome || "{}");
  refreshUsage();
  if (error || !project_id) {
    fail(error ?? "The prompt could not be sent. Try again.", limit && limit.kind !== "concurrent" && limit.kind !== "rate" ? wayUp() : null);
    return { __type__: "update" };
  }
  open(project_id);
  return { __type__: "update", value: { text: "", files: [] } };
}

export const stopping = () => store.active?.id ?? "";

export function stopped(outcome) {
  fail(JSON.parse(outcome || "{}").error ?? "");
}
