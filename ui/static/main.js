/** The page's beginning: which part is drawn by what, and what Gradio's handlers call. */
import { mountAgain } from "./again.js";
import { mountChanges } from "./changes.js";
import { chatValue, startChatActions, syncChat } from "./chatbot.js";
import { composerProps, mountUnder, promptProps, send, startComposer, stop } from "./composer.js";
import { mountDialogs } from "./dialogs.js";
import { mountProjects } from "./drawer.js";
import { mountGrip } from "./grip.js";
import { startKeys } from "./keys.js";
import { mountHero } from "./landing.js";
import { mountLogs } from "./logs.js";
import { startLook } from "./look.js";
import { mountPreview } from "./preview.js";
import { mountQueue } from "./queue.js";
import { mountBreadcrumb, mountSourceView } from "./source.js";
import { open, store } from "./store.js";
import { mountStrip } from "./strip.js";
import { showPane } from "./tabs.js";
import { mountTopbar } from "./topbar.js";
import { mountTree } from "./tree.js";

const PARTS = {
  again: mountAgain,
  breadcrumb: mountBreadcrumb,
  changes: mountChanges,
  dialogs: mountDialogs,
  grip: mountGrip,
  hero: mountHero,
  logs: mountLogs,
  preview: mountPreview,
  projects: mountProjects,
  queue: mountQueue,
  source: mountSourceView,
  strip: mountStrip,
  topbar: mountTopbar,
  tree: mountTree,
  under: mountUnder,
};

const mounted = new Set();

function mount(name, element) {
  // Gradio may run `js_on_load` again when it re-renders a part.
  if (!element || mounted.has(element)) return;
  mounted.add(element);
  PARTS[name](element);
}

function boot(trigger) {
  startComposer(trigger);
  startChatActions();
  startKeys();
  store.on("view", () => syncChat(trigger));
  store.on("project", () => {
    document.body.dataset.view = store.id ? "work" : "landing";
    showPane("chat");
    syncChat(trigger);
  });
  store.on("view", showRun);
  store.on("project", showRun);
  const id = new URLSearchParams(location.search).get("p");
  if (id) open(id, false);
  document.body.dataset.ready = "";
}

function showRun() {
  document.body.dataset.run = store.active ? "active" : "idle";
  document.title = store.id ? `${store.view?.title || "New project"} · CodeFlow` : "CodeFlow";
}

const { early = [], trigger } = window.CodeFlow ?? {};
window.CodeFlow = {
  mount,
  boot,
  chatValue,
  composerProps,
  promptProps,
  send,
  stop,
};
const begin = () => {
  startLook();
  early.forEach((call) => mount(...call));
  if (trigger) boot(trigger);
};
document.body ? begin() : document.addEventListener("DOMContentLoaded", begin);
