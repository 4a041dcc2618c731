/** The overlay for an error the app reports when no agent is at work. */
import { attempt } from "./chatbot.js";
import { api } from "./api.js";
import { button, h, iconButton, plain } from "./dom.js";
import { store } from "./store.js";
import { showTab } from "./tabs.js";

const TITLES = { build: "Build error", exception: "Error in the page", rejection: "Unhandled promise", server: "Server error" };

export function errorOverlay(problem, close) {
  const file = [sourceFile(problem.file), problem.line].filter(Boolean).join(":");
  const message = plain(String(problem.message ?? "")).slice(0, 1200);
  const fix = () => attempt(() => api.run(store.id, { prompt: fixPrompt(problem, file, message) }));
  return h(
    "div",
    { class: "overlay-card", role: "alert" },
    h("div", { class: "overlay-head" }, h("b", {}, Object.hasOwn(TITLES, problem.kind) ? TITLES[problem.kind] : "Error in the page"), h("code", {}, file || problem.path || ""), iconButton("close", "Close", close)),
    h("pre", {}, message),
    h("div", { class: "overlay-acts" }, button("Fix with agent", fix, "primary"), button("Open logs", () => showTab("Logs"))),
  );
}

/** A file of the project; addresses of bundles say nothing to anybody. */
const sourceFile = (file) => (typeof file === "string" && !/^https?:|_next\/|node_modules/.test(file) ? file : "");

function fixPrompt(problem, file, message) {
  const where = [file && `in ${file}`, problem.path && `on the page ${problem.path}`].filter(Boolean).join(" ");
  const stack = problem.stack ? `\n\n${String(problem.stack).slice(0, 1500)}` : "";
  return `Fix this error ${where}:\n\n${message}${stack}`;
}
