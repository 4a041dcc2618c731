/** A plan's buttons and its editor, in the seat its card has in the chat. They are ours, not Gradio's: what is typed outlives every drawing of the chat, and the way to another project and back. */
import { refused } from "./composer.js";
import { $$, button, h } from "./dom.js";
import { planOf, withPlan } from "./plan.js";
import { isSending, sending, sendPrompt } from "./sending.js";
import { store } from "./store.js";

const SEAT = "#chat .plan-seat:empty";

const known = new Map();

/** Fill the seats from now on, as often as Gradio draws them. */
export function startPlanCards() {
  const seat = () => {
    for (const empty of $$(SEAT)) {
      const id = decodeURIComponent([...empty.classList].find((name) => name.startsWith("seat-")).slice("seat-".length));
      if (!known.has(id)) known.set(id, planActs(id));
      empty.append(known.get(id));
    }
  };
  new MutationObserver(seat).observe(document.body, { childList: true, subtree: true });
}

function planActs(id) {
  const area = h("textarea", { rows: 9, maxlength: 20_000, "aria-label": "The plan" });
  const build = button("Build this", send, "primary");
  const change = button("Change", edit);
  const cancel = button("Cancel", close);
  area.hidden = cancel.hidden = true;
  const element = h("div", { class: "mount plan-acts" }, area, h("div", { class: "plan-buttons" }, build, change, cancel));

  const runOf = () => store.view.runs.find((run) => run.id === id);

  function show(editing) {
    area.hidden = cancel.hidden = !editing;
    change.hidden = editing;
  }

  function edit() {
    area.value = planOf(runOf());
    show(true);
    area.focus();
    area.setSelectionRange(0, 0);
    area.scrollTop = 0;
  }

  function close() {
    show(false);
    change.focus();
  }

  async function send() {
    if (isSending()) return;
    const run = runOf();
    const plan = area.hidden ? planOf(run) : area.value.trim();
    if (!plan) return refused({ message: "The plan is empty. Say what to build, or cancel the change." });
    build.disabled = true;
    try {
      await sending(() => sendPrompt({ text: withPlan(run.prompt, plan), kept: run.attachments }));
      show(false);
    } catch (refusal) {
      refused(refusal);
    } finally {
      build.disabled = false;
    }
  }

  area.onkeydown = (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) send();
  };
  return element;
}
