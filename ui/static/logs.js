/** The Logs tab: the dev server, commands, CodeFlow itself, and the preview's own console. */
import { $$, button, debounce, h, icon, plain } from "./dom.js";
import { store } from "./store.js";

const SOURCES = [["all", "All"], ["dev", "Server"], ["command", "Commands"], ["browser", "Browser"], ["codeflow", "CodeFlow"]];
const MAX_BROWSER_LINES = 500;
const AT_END_PX = 40;

let browserLines = [];
let redraw = () => {};
const errorListeners = [];

export const browserErrors = () => browserLines.filter((l) => l.level === "error").length;
export const onBrowserErrors = (listener) => errorListeners.push(listener);

export function addBrowserLine(level, text) {
  browserLines.push({ at: new Date().toISOString(), source: "browser", line: String(text ?? ""), level: String(level) });
  browserLines.splice(0, browserLines.length - MAX_BROWSER_LINES);
  changed();
}

export function clearBrowserLines() {
  browserLines = [];
  changed();
}

function changed() {
  errorListeners.forEach((listener) => listener());
  redraw();
}

/** "error", "warn", "ok" or "": by the level given, else by what dev servers print. */
function levelOf({ level, line }) {
  if (level) return { error: "error", warn: "warn" }[level] ?? "";
  if (/^\s*(⨯|✖|error\b|\[error\]|npm error|Error:|Unhandled)/i.test(line)) return "error";
  if (/^\s*(⚠|warn(ing)?\b|npm warn)/i.test(line)) return "warn";
  return /^\s*✓/.test(line) ? "ok" : "";
}

export function mountLogs(element) {
  let source = "all";
  let wanted = "";
  const out = h("div", { class: "log-lines", role: "log", tabindex: 0, "aria-label": "Log lines" });
  const filter = h("input", { placeholder: "Filter", "aria-label": "Filter log lines", spellcheck: "false" });
  const latest = h("button", { type: "button", class: "latest", hidden: true, onclick: () => (out.scrollTop = out.scrollHeight) }, "Jump to latest");
  const tabs = h("div", { class: "segments", role: "group", "aria-label": "Source" });
  for (const [id, label] of SOURCES)
    tabs.append(
      h("button", { type: "button", "aria-pressed": id === source, onclick: (event) => {
        source = id;
        $$("button", tabs).forEach((b) => b.setAttribute("aria-pressed", b === event.currentTarget));
        draw(true);
      } }, label),
    );
  const copy = () => navigator.clipboard?.writeText(lines().map((l) => plain(l.line)).join("\n"));
  filter.oninput = debounce(() => {
    wanted = filter.value.trim().toLowerCase();
    draw(true);
  }, 100);
  out.onscroll = () => (latest.hidden = atEnd());
  element.append(h("div", { class: "toolbar" }, tabs, h("label", { class: "field" }, icon("find"), filter), h("span", { class: "space" }), button("Copy", copy, "ghost small", icon("copy"))), out, latest);

  const atEnd = () => out.scrollTop + out.clientHeight > out.scrollHeight - AT_END_PX;

  const lines = () =>
    [...(store.view?.logs ?? []), ...browserLines]
      .filter((l) => (source === "all" || l.source === source) && (!wanted || l.line.toLowerCase().includes(wanted)))
      .sort((a, b) => new Date(a.at) - new Date(b.at));

  function draw(toEnd = false) {
    if (!element.offsetParent) return;
    const follow = toEnd || atEnd();
    const all = lines();
    out.replaceChildren(...all.map(lineElement));
    if (!all.length) out.append(h("p", { class: "quiet" }, wanted ? "No line matches." : "Nothing printed yet."));
    if (follow) out.scrollTop = out.scrollHeight;
    latest.hidden = atEnd();
  }
  redraw = debounce(draw, 120);
  store.on("logs", redraw);
  store.on("project", () => draw(true));
  // The tab is drawn when it is looked at.
  new IntersectionObserver(([seen]) => seen.isIntersecting && draw(true)).observe(element);
}

const NAMES = Object.fromEntries(SOURCES);

function lineElement(line) {
  const time = new Date(line.at).toTimeString().slice(0, 8);
  return h("div", { class: "line", "data-level": levelOf(line) }, h("time", {}, time), h("em", {}, (NAMES[line.source] ?? line.source).toLowerCase()), h("span", {}, plain(line.line)));
}
