/** The switch “Plan” by the prompt box: with it on, what is sent is planned before anything is built. */
import { editedAgain } from "./again.js";
import { h, icon } from "./dom.js";
import { remember, remembered } from "./memory.js";
import { emit, store } from "./store.js";

const HINT = "See a plan before anything is built";

/** By project; null is the landing. */
const chosen = new Map();

const isOn = () => chosen.get(store.id) ?? (store.id != null && remembered(`plan.${store.id}`) === "on");

/** Whether what is sent now asks for a plan. */
export const planning = () => isOn() && !hindrance();

/** The project that begins with a prompt goes on as the switch stood on the landing, which forgets it. */
export function carryPlanning(project) {
  choose(project, chosen.get(null) ?? false);
  chosen.delete(null);
}

function choose(project, on) {
  chosen.set(project, on);
  if (project) remember(`plan.${project}`, on ? "on" : "off");
}

/** Why there can be no plan just now; "" when there can. */
function hindrance() {
  if (editedAgain()) return "A message that is sent again is built at once, without a plan";
  const { followups = [], held } = store.view ?? {};
  return store.active || (followups.length && !held) ? "No plan while a run is under way: what you send now waits for it, and is then built" : "";
}

export function mountPlanSwitch(element) {
  const toggle = h("button", { type: "button", class: "plan-switch", "aria-label": "Plan", onclick: flip }, icon("plan"), h("span", {}, "Plan"));
  element.append(toggle);

  function flip() {
    if (hindrance()) return;
    choose(store.id, !isOn());
    emit("plan");
  }

  const draw = () => {
    const why = hindrance();
    toggle.setAttribute("aria-pressed", String(isOn()));
    // Not `disabled`: the reason must be there for who asks with the pointer or a screen reader.
    toggle.setAttribute("aria-disabled", String(Boolean(why)));
    toggle.title = why || HINT;
  };
  for (const topic of ["view", "project", "again", "plan"]) store.on(topic, draw);
  draw();
}
