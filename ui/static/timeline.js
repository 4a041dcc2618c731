/** The steps of a run as Gradio thoughts: `{title, body, class}`; titles and bodies are sanitised again by Gradio. */
import { diffHtml } from "./diff.js";
import { plain, sums } from "./dom.js";
import { checkThought, reviewThought, title } from "./evidence.js";
import { partialString } from "./live.js";
import { agentMarkdown, escapeInline, terminalHtml } from "./markdown.js";

const TAIL_LINES = 14;

/** Tool name → [icon, while it runs, when it is done]. */
const TOOLS = {
  read: ["read", "Reading", "Read"],
  list: ["read", "Listing", "Listed"],
  search: ["find", "Searching", "Searched"],
  write: ["edit", "Writing", "Rewrote"],
  edit: ["edit", "Editing", "Edited"],
  move: ["edit", "Moving", "Moved"],
  delete: ["trash", "Deleting", "Deleted"],
  run: ["shell", "Running", "Ran"],
  add: ["package", "Adding packages", "Added packages"],
  restore: ["restore", "Restoring", "Restored"],
  undo: ["restore", "Going back to", "Went back to"],
};
const toolOf = (name) => TOOLS[(name ?? "").split("_")[0]] ?? ["step", "Working on", "Used"];

/** Asking for a check, or proposing to finish, is the agent's business; what a person sees is the check itself. */
export const isShown = (step) => !["check", "finish"].includes(step.tool);

/** Stopped, and what the run wrote is taken back. */
export const isUndone = (run) => run.steps.some((step) => step.key.startsWith("undo:") && step.state === "done");

const code = (text) => (text ? ` <code>${escapeInline(text)}</code>` : "");
export const countsHtml = (changes) => {
  const [added, removed] = sums(changes);
  return `<span class="plus">+${added}</span>` + (removed ? `<span class="minus">−${removed}</span>` : "");
};
const tail = (text) => plain(text).trimEnd().split("\n").slice(-TAIL_LINES);

/** One line of plain text: what the strip and screen readers are told a step does. */
export function describe(step) {
  if (step.kind === "model") return "Thinking";
  if (step.kind === "review") return "Looking at the pages";
  if (step.kind === "check" || !isShown(step)) return "Checking types, routes and the page";
  return [toolOf(step.tool)[1], shortPath(step.target)].filter(Boolean).join(" ");
}

export const shortPath = (path) => (/^[\w@./[\]()-]+$/.test(path) ? path.split("/").slice(-2).join("/") : path);

// The chat is built anew five times a second; a step that is over stays as it is.
const over = new WeakMap();

/** A finished or running tool call, check or review. `repairing`: something to repair had been found before it. */
export function stepThought(step, output, repairing, blobUrl) {
  const known = over.get(step);
  if (known && step.state !== "running") return known;
  const made = step.kind === "check" ? checkThought(step, blobUrl) : step.kind === "review" ? reviewThought(step) : toolThought(step, output, repairing);
  if (step.state !== "running") over.set(step, made);
  return made;
}

function toolThought(step, output, repairing) {
  let [icon, doing, done] = toolOf(step.tool);
  const running = step.state === "running";
  if (icon === "edit" && step.changes[0]?.status === "A" && step.tool !== "move") done = "Created";
  else if (icon === "edit" && repairing && step.tool !== "move") [doing, done] = ["Fixing", "Fixed"];
  if (step.state === "stopped") done = `Stopped ${doing.toLowerCase()}`;
  const failed = step.state === "failed" || (step.exit_code ?? 0) !== 0;
  const exit = step.exit_code ? `<span class="minus">exit ${step.exit_code}</span>` : "";
  const counted = step.changes.length ? countsHtml(step.changes) : "";
  const target = code(icon === "shell" ? step.target : shortPath(step.target));
  return {
    title: title(failed ? "bad" : icon, running ? doing : done, target + counted + exit),
    body: toolBody(step, output),
    status: running ? "pending" : "done",
  };
}

function toolBody(step, output) {
  if (step.state === "running") return output ? terminalHtml(tail(output)) : "";
  const parts = step.changes.slice(0, 12).map((c) => (step.changes.length > 1 ? `<p class="file">${escapeInline(c.path)}</p>` : "") + diffHtml(c));
  if (step.output) parts.push(terminalHtml(plain(step.output).trimEnd().split("\n").slice(-200)));
  if (!parts.join("") && step.result) parts.push(terminalHtml(step.result.trimEnd().split("\n").slice(0, 60)));
  return parts.join("");
}

/** A tool call the model is still writing, or its thinking; null for what is shown elsewhere. Only the `newest` shows what it writes. */
export function partThought(part, newest) {
  if (part.kind === "thinking") return part.text.trim() ? { title: title("step", "Thinking"), body: agentMarkdown(part.text.slice(-1500)), status: "pending" } : null;
  if (part.kind !== "tool" || !isShown(part)) return null;
  const [icon, doing] = toolOf(part.tool);
  const target = partialString(part.text, "path") ?? partialString(part.text, "command") ?? "";
  const written = partialString(part.text, "content") ?? partialString(part.text, "new");
  const lines = written?.split("\n") ?? [];
  const counted = lines.length > 1 ? `<span class="plus">+${lines.length}</span>` : "";
  return {
    title: title(icon, doing, code(icon === "shell" ? target : shortPath(target)) + counted),
    body: newest && lines.length ? terminalHtml(lines.slice(-TAIL_LINES)) : "",
    status: "pending",
    line: [doing, shortPath(target)].filter(Boolean).join(" "),
  };
}

/** An earlier remark of the agent, folded away when its run is over. */
export function remarkThought(step) {
  const first = step.text.trim().split("\n")[0].replace(/[*_`#]/g, "");
  return { title: title("say", escapeInline(first.length > 90 ? `${first.slice(0, 90)}…` : first)), body: agentMarkdown(step.text), status: "done" };
}

export const noteThought = (icon, words, body = "") => ({ title: title(icon, escapeInline(words)), body: body && escapeInline(body), status: "done" });
