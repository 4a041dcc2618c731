/** The line over the prompt box while a run is under way: what it does now, for how long, at which step. */
import { h, wholeSeconds } from "./dom.js";
import { partsOf } from "./live.js";
import { setupState } from "./setup.js";
import { store } from "./store.js";
import { describe, isShown, partThought } from "./timeline.js";

export function mountStrip(element) {
  const words = h("span", { class: "strip-words", role: "status", "aria-live": "polite" });
  const time = h("span", { class: "strip-time" });
  element.append(h("i", { class: "spinner", "aria-hidden": "true" }), words, time);

  const draw = () => {
    const run = store.active;
    if (!run) return void (words.textContent = "");
    const now = doing(run);
    if (words.textContent !== now) words.textContent = now;
    const elapsed = Math.max(0, Math.round((Date.now() - new Date(run.queued_at)) / 1000) * 1000);
    const steps = run.steps.filter((s) => s.kind !== "model" && isShown(s)).length;
    time.textContent = `${wholeSeconds(elapsed)}${steps ? ` · step ${steps}` : ""}`;
  };
  store.on("view", draw);
  store.on("project", draw);
  setInterval(draw, 1000);
}

/** What `run` does now, in a few words. */
export function doing(run) {
  if (run.cancelling) return "Stopping…";
  const setup = setupState();
  if (!setup.ready) return setup.error || setup.message || "Getting ready";
  if (run.status === "queued") return "Waiting for a worker";
  const step = run.steps.at(-1);
  if (!step || step.state !== "running") return store.view.preview.state === "booting" ? "Starting the sandbox" : "Thinking";
  if (step.kind !== "model") return describe(step);
  const parts = partsOf(store.live, run, step.key);
  const tool = parts.findLast((p) => p.kind === "tool" && partThought(p));
  return tool ? partThought(tool).line : parts.some((p) => p.kind === "text") ? "Writing" : "Thinking";
}
