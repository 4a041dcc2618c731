/** The cards that end a run in the chat: its version, why it failed, that it was stopped, a plan to build. */
import { plural } from "./dom.js";
import { problemHtml, shotsHtml } from "./evidence.js";
import { agentMarkdown, closed, escapeInline } from "./markdown.js";
import { planOf, stateOf } from "./plan.js";
import { countsHtml, isUndone } from "./timeline.js";

export const action = (name, argument, label, kind = "") => `<a class="act ${kind}" href="#do/${name}/${encodeURIComponent(argument)}" title="${label}">${label}</a>`;

const reportOf = (run) => run.steps.findLast((s) => s.report)?.report;

export function versionCard(view, version, run, blobUrl) {
  const newest = view.versions.at(-1) === version;
  const badge = version.verified ? `<span class="badge ok">Verified</span>` : `<span class="badge warn">Not verified</span>`;
  const report = reportOf(run);
  const shots = newest ? shotsHtml(report?.screenshot_sha256 ? report : { screenshot_sha256: version.screenshot_sha256 }, blobUrl, "small") : "";
  const files = plural(version.changes.length, "file");
  const good = !version.verified && newest && view.versions.findLast((v) => v.verified);
  const ways = [
    action("changes", version.id, "View changes"),
    newest ? "" : action("restore", version.id, "Restore"),
    good ? action("restore", good.id, `Back to version ${good.number}, verified`) : "",
  ];
  return (
    `<div class="card version ${version.verified ? "" : "unverified"}">${shots}<span class="card-head"><b>Version ${version.number}</b>${badge}</span>` +
    `<span class="card-line">${files} ${countsHtml(version.changes)}</span>` +
    (version.verified ? "" : `<span class="card-text quiet">${whatItIs(run, report)}</span>`) +
    `<span class="card-acts">${ways.join("")}</span></div>`
  );
}

function whatItIs(run, report) {
  if (run.status === "failed") return "The best state this run reached, kept so that nothing is lost. Its checks do not pass.";
  return report ? "Its checks do not pass." : "It was not checked.";
}

const FAILURES = { checks: "Not finished: the checks still fail", budget: "Stopped at the budget", model: "The model could not go on", sandbox: "The sandbox failed", unsupported: "Not something I can do", internal: "Something broke in CodeFlow" };

export function failureCard(view, run) {
  const failure = run.failure ?? { code: "internal", message: "The run failed without saying why.", action: "Try again." };
  const problems = (failure.code === "checks" && reportOf(run)?.problems.slice(0, 5).map((p) => `<li>${problemHtml(p)}</li>`).join("")) || "";
  const tried = (failure.tried ?? []).map((attempt) => `<li>${escapeInline(attempt)}</li>`).join("");
  const newest = view.runs.at(-1) === run;
  return (
    `<div class="card failure"><span class="card-head"><b>${FAILURES[failure.code] ?? FAILURES.internal}</b></span>` +
    `<span class="card-text">${escapeInline(failure.message)}</span>` +
    (problems ? `<ul class="problems">${problems}</ul>` : "") +
    (tried ? `<span class="card-label">What was tried</span><ol class="tried">${tried}</ol>` : "") +
    `<span class="card-text quiet">${escapeInline(failure.action)}</span>` +
    (newest && run.kind !== "restore" ? `<span class="card-acts">${action("retry", run.id, "Try again", "primary")}${action("logs", "", "Open logs")}</span>` : "") +
    `</div>`
  );
}

export function stoppedCard(run) {
  const wrote = run.steps.some((s) => s.changes.length);
  const words = isUndone(run)
    ? "Stopped, and what it wrote is taken back."
    : wrote
      ? "Stopped. The files written so far are kept; say what to do next."
      : "Stopped before anything was changed.";
  return `<div class="card stopped"><span class="card-text quiet">${words}</span></div>`;
}

/** A plan with a seat for its buttons, which `plan_card.js` fills; once something has come of it, one line. */
export function planCard(view, run) {
  const text = closed(agentMarkdown(planOf(run)));
  const state = stateOf(view, run);
  return state
    ? `<details class="card plan"><summary><b>Plan</b><span class="badge">${state}</span></summary>\n\n${text}\n\n</details>`
    : `<div class="card plan"><span class="card-head"><b>Plan</b></span><div class="plan-text">\n\n${text}\n\n</div><div class="plan-seat seat-${encodeURIComponent(run.id)}"></div></div>`;
}
