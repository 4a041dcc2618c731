/** The prompt box: `gr.MultimodalTextbox` with its hints, its errors below it, and the start and stop of runs. */
import { leftOf, isLow, onUsage, refreshUsage, resets, wayUp } from "./account.js";
import { editedAgain, keptDraft, sentAgain } from "./again.js";
import { api } from "./api.js";
import { $, h, icon } from "./dom.js";
import { mountHalt } from "./halt.js";
import { drawUnder } from "./landing.js";
import { carryPlanning, mountPlanSwitch, planning } from "./planning.js";
import { isSending, sending, sendPrompt } from "./sending.js";
import { open, store } from "./store.js";

const empty = () => ({ text: "", files: [] });

let trigger = () => {};
let changes = [];
let error;
let drawn = null;

export function startComposer(fire) {
  trigger = fire;
  const refresh = () => {
    const state = JSON.stringify(composerProps());
    if (state === drawn) return;
    drawn = state;
    trigger("composer");
    setTimeout(fitBox, 50);
  };
  store.on("view", refresh);
  store.on("again", refresh);
  store.on("plan", refresh);
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
  mountPlanSwitch(element);
  mountHalt(element);
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
  const placeholder = editedAgain()
    ? "What should it have said?"
    : active
      ? "Queue up what's next…"
      : planning()
        ? "Describe what to plan…"
        : store.id
          ? "Ask for a change…"
          : "Describe what you want to build…";
  return { __type__: "update", stop_btn: active, placeholder };
}

export function promptProps(now) {
  const due = changes;
  changes = [];
  const value = due.reduce((box, change) => change(box), { text: now?.text ?? "", files: [...(now?.files ?? [])] });
  return { __type__: "update", ...(due.length && { value }) };
}

/** Gradio fits the box's height to its text when something is typed; the landing's box is taller than the chat's. */
const fitBox = () => $("#box textarea")?.dispatchEvent(new Event("input", { bubbles: true }));

/** Change what is in the box, `{text, files}`, to what `change` makes of it. */
export function changeBox(change) {
  changes.push(change);
  fail("");
  // Changes made at once are one: the box answers later, and the second would not know of the first.
  setTimeout(() => changes.length && trigger("prompt"));
  setTimeout(focusPrompt, 60);
}

/** Put `text` in the box for the person to send. */
export const fill = (text) => changeBox(() => ({ text, files: [] }));

/** Put `text` behind what is in the box. */
export const addToBox = (text) => changeBox((now) => ({ text: joined(now.text, text), files: now.files }));

export const joined = (...texts) => texts.map((text) => text.trim()).filter(Boolean).join("\n\n");

export function focusPrompt() {
  const box = $("#box textarea");
  box?.focus();
  box?.setSelectionRange(box.value.length, box.value.length);
}

/** Send what is in the box; a refusal leaves it there. */
export async function send(prompt) {
  const unchanged = { __type__: "update" };
  if (isSending()) return unchanged;
  fail("");
  const again = editedAgain();
  const from = store.id;
  try {
    const kept = prompt.files.length ? again?.attachments : [];
    const { project_id } = await sending(() => sendPrompt({ ...prompt, kept, plan: planning() }, again?.id));
    if (!from) carryPlanning(project_id);
    if (store.id === from) open(project_id);
  } catch (refusal) {
    refused(refusal);
    return unchanged;
  } finally {
    refreshUsage();
  }
  const { text, files } = again ? keptDraft() : empty();
  sentAgain();
  // What was typed while it was on its way stays.
  const typed = $("#box textarea").value;
  const more = typed.startsWith(prompt.text) ? typed.slice(prompt.text.length) : typed;
  return { __type__: "update", value: { text: joined(text, more), files } };
}

/** Tell why something was refused, with the way up from a limit that more can be bought of. */
export function refused({ message, limit }) {
  fail(message, limit && limit.kind !== "concurrent" && limit.kind !== "rate" ? wayUp() : null);
}

/** Stop the run under way. `undo`: take back what it wrote. */
export async function stop(undo = false) {
  if (!store.active) return;
  fail("");
  await api.stop(store.active.id, undo).catch(refused);
}
