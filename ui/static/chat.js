/** `ProjectView` and the steps in flight → the messages of `gr.Chatbot`. Pure: the same view gives the same messages. */
import { plural, seconds } from "./dom.js";
import { partsOf } from "./live.js";
import { agentMarkdown, escapeInline, promptHtml } from "./markdown.js";
import { answeredBy, countsHtml, isShown, isUndone, noteThought, partThought, problemHtml, remarkThought, stepThought } from "./timeline.js";

/** Rendering costs grow with the messages: what is older is left to the Changes tab. */
const MAX_MESSAGES = 80;

const WORK = { wake: ["Waking the preview", "Woke the preview"], restore: ["Restoring", "Restored"], edit: ["Saving your edit", "Saved your edit"] };

export function chatMessages(view, live, blobUrl) {
  const runs = [];
  let count = 0;
  let hidden = view.runs.length;
  for (const turns of turnsOf(view.runs).toReversed()) {
    const messages = turns[0].set_aside ? setAside(view, turns) : runMessages(view, live, turns[0], blobUrl);
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
function setAside(view, runs) {
  const prompts = runs.filter((run) => run.kind === "prompt").length;
  const parent = `aside-${runs[0].id}`;
  const line = thought(noteThought("aside", `${plural(prompts || runs.length, prompts ? "message" : "run")} set aside`), { id: parent });
  const turns = runs.map((run, i) => {
    const version = view.versions.find((v) => v.run_id === run.id);
    const words = run.kind === "prompt" ? run.prompt : headline(run, 0);
    const first = words.trim().split("\n")[0];
    const body = [first === words.trim() && first.length <= 70 ? "" : promptHtml(words), agentMarkdown(wordsOf(lastWords(run))), version ? versionCard(view, version, run) : ""];
    return thought(
      { ...noteThought(run.kind === "prompt" ? "say" : "restore", first.length > 70 ? `${first.slice(0, 70)}…` : first), body: body.filter(Boolean).join("\n\n") },
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
  const asked = run.kind === "prompt" ? [message("user", userHtml(run, blobUrl) + (isOver(view.runs.at(-1)) ? againLink(run) : ""))] : [];
  const work = over ? finishedWork(run) : runningWork(live, run);
  return [...asked, ...work, ...(over ? ending(view, run) : [])];
}

const message = (role, text, metadata = null) => ({ role, content: [{ type: "text", text }], metadata, options: null });
const thought = ({ title, body, status }, extra = {}) => message("assistant", body, { title, status, ...extra });
const timed = (step) => (step.duration_ms >= 100 ? { log: seconds(step.duration_ms) } : {});

const againLink = (run) => `<span class="bubble-acts">${action("again", run.id, "Edit and send again")}</span>`;

function userHtml(run, blobUrl) {
  const images = run.attachments.map((a) => `<img class="attachment" src="${blobUrl(a.sha256)}" alt="${escapeInline(a.name)}">`);
  return promptHtml(run.prompt) + images.join("");
}

/** In flight: everything in its order, so that nothing moves while it is read. */
function runningWork(live, run) {
  const messages = [];
  if (run.kind !== "prompt") messages.push(thought({ title: noteThought("restore", WORK[run.kind][0]).title, body: "", status: "pending" }));
  if (run.attempt > 1) messages.push(thought(noteThought("again", "Picked up again after a restart")));
  let repairing = false;
  for (const step of run.steps) {
    const parts = partsOf(live, run, step.key);
    if (step.kind === "model") messages.push(...modelMessages(step, parts));
    else if (isShown(step)) {
      const output = parts.map((p) => p.text).join("");
      messages.push(thought(stepThought(step, output, repairing), timed(step)));
    } else if (isSummary(step)) messages.push(message("assistant", agentMarkdown(step.target)));
    repairing ||= step.kind === "check" && step.state === "failed";
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

/** A call to finish that was granted carries what the agent tells the person in the end. */
const isSummary = (step) => step.tool === "finish" && step.state === "done" && step.target.trim() !== "";

/** Over: the steps folded under one line, then the agent's last words. */
function finishedWork(run) {
  const last = run.kind === "prompt" ? lastWords(run) : null;
  const steps = run.steps.filter((s) => (s.kind === "model" ? s.text.trim() && s !== last : isShown(s)));
  const messages = [];
  const parent = `run-${run.id}`;
  messages.push(thought({ title: noteThought(run.kind === "prompt" ? "step" : "restore", headline(run, steps.length)).title, body: "", status: "done" }, { id: parent }));
  let repairing = false;
  for (const [i, step] of steps.entries()) {
    const shown = step.kind === "model" ? remarkThought(step) : stepThought(step, "", repairing);
    messages.push(thought(shown, { ...timed(step.kind === "model" ? {} : step), id: `${parent}-${i}`, parent_id: parent }));
    repairing ||= step.kind === "check" && step.state === "failed";
  }
  if (last) messages.push(message("assistant", agentMarkdown(wordsOf(last))));
  return messages;
}

/** The step with what the agent told the person in the end. */
const lastWords = (run) => run.steps.findLast(isSummary) ?? run.steps.findLast((s) => s.kind === "model" && s.text.trim());
const wordsOf = (step) => (step ? (isSummary(step) ? step.target : step.text) : "");

function headline(run, steps) {
  const took = seconds(run.duration_s * 1000);
  if (run.kind === "restore") return `${run.prompt} · ${took}`;
  if (run.kind !== "prompt") return `${WORK[run.kind][run.status === "succeeded" ? 1 : 0]} · ${took}`;
  const verb = run.status === "cancelled" ? "Stopped after" : "Worked for";
  return [`${verb} ${took}`, steps && plural(steps, "step"), answeredBy(run)].filter(Boolean).join(" · ");
}

function ending(view, run) {
  const version = view.versions.find((v) => v.run_id === run.id);
  const cards = [];
  if (version) cards.push(versionCard(view, version, run));
  if (run.status === "failed") cards.push(failureCard(view, run));
  if (run.status === "cancelled") cards.push(stoppedCard(run));
  return cards.map((card) => message("assistant", card));
}

const action = (name, argument, label, kind = "") => `<a class="act ${kind}" href="#do/${name}/${encodeURIComponent(argument)}" title="${label}">${label}</a>`;

function versionCard(view, version, run) {
  const old = view.versions.at(-1) !== version;
  const badge = version.verified
    ? `<span class="badge ok">Verified</span>`
    : `<span class="badge">Not verified</span>`;
  const cost = run.cost_micros ? ` · $${(run.cost_micros / 1e6).toFixed(run.cost_micros < 100_000 ? 4 : 2)}` : "";
  const held = run.sandbox_s ? ` title="Its run held a sandbox for ${seconds(run.sandbox_s * 1000)}"` : "";
  const files = plural(version.changes.length, "file");
  return (
    `<div class="card version"><span class="card-head"><b>Version ${version.number}</b>${badge}</span>` +
    `<span class="card-line"${held}>${files} ${countsHtml(version.changes)}${cost}</span>` +
    `<span class="card-acts">${action("changes", version.id, "View changes")}${old ? action("restore", version.id, "Restore") : ""}</span></div>`
  );
}

const FAILURES = { checks: "Not finished: the checks still fail", budget: "Stopped at the budget", model: "The model could not go on", sandbox: "The sandbox failed", unsupported: "Not something I can do", internal: "Something broke in CodeFlow" };

function failureCard(view, run) {
  const failure = run.failure ?? { code: "internal", message: "The run failed without saying why.", action: "Try again." };
  const report = run.steps.findLast((s) => s.report)?.report;
  const problems = failure.code === "checks" && report ? report.problems.slice(0, 5).map((p) => `<li>${problemHtml(p)}</li>`).join("") : "";
  const tried = (failure.tried ?? []).map((attempt) => `<li>${escapeInline(attempt)}</li>`).join("");
  const newest = view.runs.at(-1) === run;
  return (
    `<div class="card failure"><span class="card-head"><b>${FAILURES[failure.code] ?? FAILURES.internal}</b></span>` +
    `<span class="card-text">${escapeInline(failure.message)}</span>` +
    (problems ? `<ul class="problems">${problems}</ul>` : "") +
    (tried ? `<span class="card-text quiet">What was tried:</span><ul class="problems">${tried}</ul>` : "") +
    `<span class="card-text quiet">${escapeInline(failure.action)}</span>` +
    (newest && run.kind !== "restore" ? `<span class="card-acts">${action("retry", run.id, "Try again", "primary")}${action("logs", "", "Open logs")}</span>` : "") +
    `</div>`
  );
}

function stoppedCard(run) {
  const wrote = run.steps.some((s) => s.changes.length);
  const words = isUndone(run)
    ? "Stopped, and what it wrote is taken back."
    : wrote
      ? "Stopped. The files written so far are kept; say what to do next."
      : "Stopped before anything was changed.";
  return `<div class="card stopped"><span class="card-text quiet">${words}</span></div>`;
}
