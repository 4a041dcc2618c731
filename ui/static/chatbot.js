/** Feeds `gr.Chatbot` from the store, at most five times a second, and obeys the links in its cards. */
import { editAgain } from "./again.js";
import { api } from "./api.js";
import { refused } from "./composer.js";
import { askFork, askRestore } from "./dialogs.js";
import { showVersion } from "./changes.js";
import { chatMessages } from "./chat.js";
import { $$ } from "./dom.js";
import { openPictures } from "./pictures.js";
import { startPlanCards } from "./plan_card.js";
import { isSending, sending, sendPrompt } from "./sending.js";
import { store } from "./store.js";
import { showTab } from "./tabs.js";

const INTERVAL_MS = 200;

let pending = null;
let last = 0;

export function syncChat(trigger) {
  pending ??= setTimeout(() => {
    pending = null;
    last = performance.now();
    trigger("chat");
    setTimeout(unlabel, 100);
  }, Math.max(0, INTERVAL_MS - (performance.now() - last)));
}

// Gradio labels a message with its source, which a screen reader would read, tags and all, in place of the message.
const unlabel = () => $$("#chat [data-testid][aria-label]").forEach((message) => message.removeAttribute("aria-label"));

export const chatValue = () => (store.view ? chatMessages(store.view, store.live, (sha) => api.blobUrl(store.id, sha)) : []);

const ACTIONS = {
  changes: (version) => showVersion(version),
  restore: (version) => askRestore(version),
  fork: (version) => askFork(version),
  again: (id) => editAgain(id),
  picture: (pictures) => openPictures(pictures),
  logs: () => showTab("Logs"),
  retry: (id) => tryAgain(store.view.runs.find((r) => r.id === id)),
};

function tryAgain(run) {
  if (isSending()) return;
  attempt(() => sending(() => (run.kind === "wake" ? api.wake(store.id) : sendPrompt({ text: run.prompt, kept: run.attachments, plan: run.kind === "plan" }))));
}

/** Do what may be refused; a refusal is shown by the prompt box. */
export const attempt = (work) => work().catch(refused);

export function startChatActions() {
  startPlanCards();
  document.addEventListener(
    "click",
    (event) => {
      const [, name, argument] = event.target.closest?.("#chat :is(a.act, a.shot)")?.getAttribute("href").match(/#do\/(\w+)\/(.*)/) ?? [];
      if (!name) return;
      event.preventDefault();
      event.stopPropagation();
      ACTIONS[name]?.(decodeURIComponent(argument));
    },
    true,
  );
}
