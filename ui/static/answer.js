/** What the agent told the person in the end. */

/** A call to finish that was granted carries what the agent tells the person in the end. */
export const isSummary = (step) => step.tool === "finish" && step.state === "done" && step.target.trim() !== "";

/** The step with a run's last words. */
export const lastWords = (run) => run.steps.findLast(isSummary) ?? run.steps.findLast((s) => s.kind === "model" && s.text.trim());

export const wordsOf = (step) => (step ? (isSummary(step) ? step.target : step.text) : "");

/** A person asked agents for something, and gets an answer in words. */
export const isAsked = (run) => run.kind === "prompt" || run.kind === "plan";
