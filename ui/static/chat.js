/** `ProjectView` and the steps in flight → the messages of `gr.Chatbot`. Pure: the same view gives the same messages. */
import { isAsked, isSummary, lastWords, wordsOf } from "./answer.js";
import { action, failureCard, planCard, stoppedCard, versionCard } from "./cards.js";
import { plural, seconds } from "./dom.js";
import { partsOf } from "./live.js";
import { agentMarkdown, closed, escapeInline, promptHtml } from "./markdown.js";
import { partsOfPrompt, planOf } from "./plan.js";
import { spentHtml } from "./spending.js";
import { isShown, noteThought, partThought, remarkThought, stepThought } from "./timeline.js";

/** Rendering costs grow with the messages: what is older is left to the Changes tab. */
const MAX_MESSAGES = 80;

const WORK = { wake: ["Waking the preview", "Woke the preview"], restore: ["Restoring", "Restored"], edit: ["Saving your edit", "Saved your edit"] };

export function chatMessages(view, live, blobUrl) {
  const runs = [];
  let count = 0;
  let hidden = view.runs.length;
  for (const turns of turnsOf(view.runs).toReversed()) {
    const messages = turns[0].set_aside ? setAside(view, turns, blobUrl) : runMessages(view, live, turns[0], blobUrl);
    count += messages.length;
    if (runs.length && count > MAX_MESSAGES) break;
    runs.unshift(messages);
    hidden -= turns.length;
  }
  const earlier = hidden ? [thought(noteThought("step", `${plural(hidden, "earlier run")}: see Changes`))] : [];
  return [...earlier, ...runs.flat(), ...welcome(view)];
}

/** The runs one by one, those set aside together. */
function turnsOf(runs) {
  const turns = [];
  for (const run of runs) {
    if (run.set_aside && turns.at(-1)?.[0].set_aside) turns.at(-1).push(run);
    else turns.push([run]);
  }
  return turns;
}

/** One line that opens to what was asked, what came of it, and the versions, which are all still there. */
function setAside(view, runs, blobUrl) {
  const asked = runs.filter(isAsked).length;
  const parent = `aside-${runs[0].id}`;
  const line = thought(noteThought("aside", `${plural(asked || runs.length, asked ? "message" : "run")} set aside`), { id: parent });
  const turns = runs.map((run, i) => {
    const version = view.versions.find((v) => v.run_id === run.id);
    const words = isAsked(run) ? partsOfPrompt(run.prompt).words : headline(run, 0);
    const first = words.trim().split("\n")[0];
    const body = [first === words.trim() && first.length <= 70 ? "" : promptHtml(words), agentMarkdown(wordsOf(lastWords(run))), version ? versionCard(view, version, run, blobUrl) : ""];
    return thought(
      { ...noteThought(isAsked(run) ? "say" : "restore", first.length > 70 ? `${first.slice(0, 70)}…` : first), body: body.filter(Boolean).join("\n\n") },
      { id: `${parent}-${i}`, parent_id: parent },
    );
  });
  return [line, ...turns];
}

/** A project that began with somebody else's files has a preview, but no words yet. */
const welcome = (view) =>
  view.runs.length && view.runs.every((run) => run.kind === "wake")
    ? [message("assistant", "These files are yours now, and the original stays as it is. Ask for a change, or look around in **Code**.")]
    : [];

const isOver = (run) => !["queued", "running"].includes(run.status);

function runMessages(view, live, run, blobUrl) {
  const over = isOver(run);
  const again = run.kind === "prompt" && isOver(view.runs.at(-1)) ? againLink(run) : "";
  const asked = isAsked(run) ? [message("user", userHtml(run, blobUrl) + again)] : [];
  const work = over ? finishedWork(run, blobUrl) : runningWork(live, run, blobUrl);
  const spent = spentHtml(run);
  return [...asked, ...work, ...(over ? ending(view, run, blobUrl) : []), ...(spent ? [message("assistant", spent)] : [])];
}

const message = (role, text, metadata = null) => ({ role, content: [{ type: "text", text }], metadata, options: null });
const thought = ({ title, body, status }, extra = {}) => message("assistant", body, { title, status, ...extra });
const timed = (step) => (step.duration_ms >= 100 ? { log: seconds(step.duration_ms) } : {});

const againLink = (run) => `<span class="bubble-acts">${action("again", run.id, "Edit and send again")}</span>`;

function userHtml(run, blobUrl) {
  const images = run.attachments.map((a) => `<img class="attachment" src="${blobUrl(a.sha256)}" alt="${escapeInline(a.name)}">`);
  const { words, plan } = partsOfPrompt(run.prompt);
  const disclosure = plan ? `<details class="with-plan"><summary>with a plan</summary>\n\n${closed(agentMarkdown(plan))}\n\n</details>` : "";
  return promptHtml(words) + images.join("") + disclosure;
}

/** In flight: everything in its order, so that nothing moves while it is read. */
function runningWork(live, run, blobUrl) {
  const messages = [];
  if (!isAsked(run)) messages.push(thought({ title: noteThought("restore", WORK[run.kind][0]).title, body: "", status: "pending" }));
  if (run.attempt > 1) messages.push(thought(noteThought("again", "Picked up again after a restart")));
  let repairing = false;
  for (const step of run.steps) {
    const parts = partsOf(live, run, step.key);
    if (step.kind === "model") messages.push(...modelMessages(step, parts));
    else if (isShown(step)) {
      const output = parts.map((p) => p.text).join("");
      messages.push(thought(stepThought(step, output, repairing, blobUrl), timed(step)));
    } else if (isSummary(step)) messages.push(message("assistant", agentMarkdown(step.target)));
    repairing ||= foundSomething(step);
  }
  const hidden = messages.length - MAX_MESSAGES;
  return hidden > 0 ? [thought(noteThought("step", plural(hidden, "earlier step"))), ...messages.slice(hidden)] : messages;
}

function modelMessages(step, parts) {
  if (step.state !== "running") return step.text.trim() ? [message("assistant", agentMarkdown(step.text))] : [];
  const messages = step.note ? [thought(noteThought("again", "Asked the model again", step.note))] : [];
  for (const part of parts) {
    const shown = part.kind === "text" ? part.text.trim() && message("assistant", agentMarkdown(part.text)) : partThought(part, part === parts.at(-1));
    if (shown) messages.push(part.kind === "text" ? shown : thought(shown));
  }
  return messages;
}

/** What comes after it is repair. */
const foundSomething = (step) => (step.kind === "check" && step.state === "failed") || step.findings.length > 0;

/** Over: the steps folded under one line, then the agent's last words. */
function finishedWork(run, blobUrl) {
  const last = isAsked(run) ? lastWords(run) : null;
  const steps = run.steps.filter((s) => (s.kind === "model" ? s.text.trim() && s !== last : isShown(s)));
  const messages = [];
  const parent = `run-${run.id}`;
  messages.push(thought({ title: noteThought(isAsked(run) ? "step" : "restore", headline(run, steps.length)).title, body: "", status: "done" }, { id: parent }));
  let repairing = false;
  for (const [i, step] of steps.entries()) {
    const shown = step.kind === "model" ? remarkThought(step) : stepThought(step, "", repairing, blobUrl);
    messages.push(thought(shown, { ...timed(step.kind === "model" ? {} : step), id: `${parent}-${i}`, parent_id: parent }));
    repairing ||= foundSomething(step);
  }
  if (last && !planOf(run)) messages.push(message("assistant", agentMarkdown(wordsOf(last))));
  return messages;
}

function headline(run, steps) {
  const took = seconds(run.duration_s * 1000);
  if (run.kind === "restore") return `${run.prompt} · ${took}`;
  if (!isAsked(run)) return `${WORK[run.kind][run.status === "succeeded" ? 1 : 0]} · ${took}`;
  const verb = run.status === "cancelled" ? "Stopped after" : run.kind === "plan" ? "Planned for" : "Worked for";
  return [`${verb} ${took}`, steps && plural(steps, "step")].filter(Boolean).join(" · ");
}

function ending(view, run, blobUrl) {
  const version = view.versions.find((v) => v.run_id === run.id);
  const cards = [];
  if (planOf(run)) cards.push(planCard(view, run));
  if (version) cards.push(versionCard(view, version, run, blobUrl));
  if (run.status === "failed") cards.push(failureCard(view, run));
  if (run.status === "cancelled") cards.push(stoppedCard(run));
  return cards.map((card) => message("assistant", card));
}
