/** An earlier message on its way back into the box, to be changed and sent again: the banner above the box, and the way back. */
import { changeBox, joined } from "./composer.js";
import { h, icon, iconButton, plural } from "./dom.js";
import { emit, store } from "./store.js";

let run = null;
let draft = { text: "", files: [] };

/** The run whose message is being changed, or null. */
export const editedAgain = () => run;
/** What was in the box before. */
export const keptDraft = () => draft;

export function editAgain(id) {
  const chosen = store.view.runs.find((r) => r.id === id);
  if (!chosen || store.active) return;
  const first = !run;
  run = chosen;
  changeBox((now) => {
    if (first) draft = now;
    return { text: chosen.prompt, files: [] };
  });
  emit("again");
}

export function sentAgain() {
  run = null;
  draft = { text: "", files: [] };
  emit("again");
}

function cancel() {
  const kept = draft;
  sentAgain();
  changeBox(() => kept);
}

/** Another project: the draft comes back, and behind it what the message was changed to. */
function leave() {
  const [{ prompt }, kept] = [run, draft];
  sentAgain();
  changeBox((now) => (now.text.trim() === prompt.trim() ? kept : { text: joined(kept.text, now.text), files: [...kept.files, ...now.files] }));
}

export function mountAgain(element) {
  const words = h("span");
  const banner = h("div", { class: "again", role: "status" }, icon("restore"), words, iconButton("close", "Cancel sending again", cancel));
  element.append(banner);
  const draw = () => {
    banner.hidden = !run;
    if (run) words.textContent = wordsFor(store.view, run);
  };
  store.on("again", draw);
  store.on("project", () => run && leave());
  element.ownerDocument.addEventListener("keydown", (event) => event.key === "Escape" && run && event.target.closest?.("#box") && cancel());
  draw();
}

function wordsFor(view, run) {
  const version = startOf(view, run);
  const from = version ? `version ${version.number}` : "the beginning";
  const pictures = run.attachments.length ? `, with its ${plural(run.attachments.length, "picture")}` : "";
  return `Sends again from ${from}${pictures}; what came after is set aside, versions stay`;
}

/** The version a message sent again starts from: the newest that was there when it was first sent. */
export const startOf = (view, run) =>
  view.versions.find((v) => v.id === run.restore_id) ?? view.versions.findLast((v) => new Date(v.at) <= new Date(run.queued_at));
