/** The checks' and the review's findings as the chat shows them: each level with its time, each problem with how to see it, the pictures. */
import { plural, seconds } from "./dom.js";
import { escapeBlock, escapeInline } from "./markdown.js";

const list = (items) => items.map((item) => `<li>${item}</li>`).join("");
const running = (step) => step.state === "running";

export const title = (icon, words, rest = "") => `<span class="step ${icon}"><span class="words">${words}</span>${rest}</span>`;

export function checkThought(step, blobUrl) {
  const report = step.report;
  if (!report)
    return { title: title(running(step) ? "gate" : "bad", running(step) ? "Checking types, routes and the page" : "Checks stopped"), body: "", status: running(step) ? "pending" : "done" };
  const levels = report.results.map(
    (r) => `<span class="level ${r.passed ? "ok" : "bad"}">${escapeBlock(r.level)}</span><span class="found">${escapeBlock(r.summary)}</span><span class="time">${seconds(r.duration_ms)}</span>`,
  );
  const problems = report.problems.map(problemHtml);
  return {
    title: report.passed
      ? title("ok", "Checks passed", `<span class="faint">${plural(report.results.length, "level")}</span>${shotsHtml(report, blobUrl, "small")}`)
      : title("bad", `Checks found ${plural(report.problems.length, "problem")}`),
    body: `<ul class="levels">${list(levels)}</ul>` + (problems.length ? `<ul class="problems">${list(problems)}</ul>` : "") + shotsHtml(report, blobUrl),
    status: "done",
  };
}

export function problemHtml(problem) {
  const where = problem.file ? problem.file + (problem.line ? `:${problem.line}` : "") : problem.route;
  const how = problem.reproduce ? `<span class="how">To see it: ${escapeBlock(problem.reproduce)}</span>` : "";
  return (where ? `<code>${escapeBlock(where)}</code> ` : "") + escapeBlock(problem.message.slice(0, 600)) + how;
}

/** The page at a desktop's and a phone's width, as links that open them large. */
export function shotsHtml(report, blobUrl, size = "") {
  const pictures = picturesOf(report);
  const links = pictures.map(
    ([screen, sha], i) =>
      `<a class="shot ${screen}" href="#do/picture/${pictures.map((p) => p.join(":")).join(",")}/${i}" title="The page on a ${screen}"><img src="${blobUrl(sha)}" alt="The page on a ${screen}" loading="lazy"></a>`,
  );
  return links.length ? `<span class="shots ${size}">${links.join("")}</span>` : "";
}

const picturesOf = (report) =>
  [
    ["desktop", report.screenshot_sha256],
    ["phone", report.phone_screenshot_sha256],
  ].filter(([, sha]) => sha);

/** A designer's look at the pictures: what is to be repaired, or that it looks right. */
export function reviewThought(step) {
  if (running(step)) return { title: title("look", "Looking at the pages"), body: "", status: "pending" };
  if (step.state === "stopped") return { title: title("look", "Stopped looking at the pages"), body: "", status: "done" };
  const findings = step.findings.map(
    ({ screen, problem, repair }) => `<span class="screen">${escapeBlock(screen)}</span>${escapeBlock(problem)}<span class="how">${escapeBlock(repair)}</span>`,
  );
  return {
    title: findings.length
      ? title("look", "Looked at the pages", `<span class="faint">${plural(findings.length, "thing")} to repair</span>`)
      : title("look", "Looked at the pages", `<span class="faint">${escapeInline("Looks right")}</span>`),
    body: findings.length ? `<ul class="findings">${list(findings)}</ul>` : "",
    status: "done",
  };
}
