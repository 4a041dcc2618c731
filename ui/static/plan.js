/** A plan on its way to what is built of it: the prompt that holds both, and whether there was one. */
import { lastWords, wordsOf } from "./answer.js";

const HEADING = "\n\n## Plan\n\n";

/** The plan that a run of kind `plan` came to; "" when it came to none. */
export const planOf = (run) => (run.kind === "plan" && run.status === "succeeded" ? wordsOf(lastWords(run)).trim() : "");

/** The prompt that has `plan` built. */
export const withPlan = (prompt, plan) => prompt + HEADING + plan.trim();

/** What was asked, and the plan it is to be built by, or "". */
export function partsOfPrompt(prompt) {
  const at = prompt.indexOf(HEADING);
  return at < 0 ? { words: prompt, plan: "" } : { words: prompt.slice(0, at), plan: prompt.slice(at + HEADING.length) };
}

/** "Built" or "Being built"; "" for a plan nothing has come of: not sent, or stopped or failed since. */
export function stateOf(view, run) {
  const later = view.runs.slice(view.runs.indexOf(run) + 1);
  const builds = later.filter((r) => r.kind === "prompt" && !r.set_aside && r.prompt.startsWith(run.prompt + HEADING));
  if (builds.some((r) => r.status === "succeeded")) return "Built";
  return builds.some((r) => r.status === "queued" || r.status === "running") ? "Being built" : "";
}
