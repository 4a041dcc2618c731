/** The questions the page asks before it changes something: rename, delete, restore, fork. Native dialogs: Escape and focus come with them. */
import { api } from "./api.js";
import { button, h } from "./dom.js";
import { open, store } from "./store.js";
import { showTab } from "./tabs.js";

let host;

export function mountDialogs(element) {
  host = element;
}

export const dialogHost = () => host;

/** Opens a dialog; `act` may throw, and what it says is shown in the dialog, which stays. */
function ask({ title, text, field, label, danger, act, hint }) {
  const error = h("p", { class: "error", role: "alert", hidden: true });
  const input = field != null && h("input", { value: field, maxlength: 320, placeholder: hint, "aria-label": hint ?? title });
  const cancel = button("Cancel", () => dialog.close());
  const confirm = h("button", { type: "submit", class: `button ${danger ? "danger" : "primary"}` }, label);
  const form = h("form", { method: "dialog" }, h("h2", {}, title), text && h("p", {}, text), input, error, h("div", { class: "dialog-acts" }, cancel, confirm));
  const dialog = h("dialog", { class: "dialog", "aria-label": title, onclose: () => dialog.remove(), onclick: closeOutside }, form);
  // A handler that returned false would cancel the click.
  function closeOutside(event) {
    if (event.target === dialog) dialog.close();
  }
  form.onsubmit = async (event) => {
    event.preventDefault();
    confirm.disabled = true;
    try {
      await act(input?.value?.trim());
      dialog.close();
    } catch (refusal) {
      error.hidden = false;
      error.textContent = refusal.message;
    } finally {
      confirm.disabled = false;
    }
  };
  host.append(dialog);
  dialog.showModal();
  input ? input.select() : confirm.focus();
}

export const askRename = (project, done) =>
  ask({
    title: "Rename project",
    field: project.title,
    label: "Rename",
    act: async (title) => {
      if (!title) throw new Error("Give the project a name.");
      await api.rename(project.id, title);
      done(title);
    },
  });

export const askDelete = (project, done) =>
  ask({
    title: "Delete project?",
    text: `“${project.title || "Untitled"}”, its chat and all its versions will be gone for good.`,
    label: "Delete",
    danger: true,
    act: async () => {
      await api.remove(project.id);
      done();
    },
  });

export const askDeleteAccount = ({ email, anonymous }) =>
  ask({
    title: anonymous ? "Delete the trial?" : "Delete your account?",
    text: "All your projects, their versions, chats and share links will be gone for good. Export your data first if you may want it.",
    field: anonymous ? null : "",
    hint: anonymous ? null : `Type ${email} to confirm`,
    label: "Delete everything",
    danger: true,
    act: async (typed) => {
      await api.deleteAccount(anonymous ? "delete" : typed);
      location.assign("/signin");
    },
  });

const versionOf = (id) => store.view.versions.find((v) => v.id === id);

export function askFork(versionId) {
  const version = versionOf(versionId);
  if (!version) return;
  ask({
    title: `Fork version ${version.number}?`,
    text: "A new project begins with its files, and opens. This one stays as it is.",
    label: "Fork",
    act: async () => {
      const { project_id } = await api.fork(store.id, version.id);
      open(project_id);
      showTab("Preview");
    },
  });
}

export function askRestore(versionId) {
  const version = versionOf(versionId);
  if (!version) return;
  ask({
    title: `Restore version ${version.number}?`,
    text: "The files go back to how they were then, are checked, and become a new version. Nothing is lost: later versions stay in Changes.",
    label: "Restore",
    act: () => api.restore(store.id, version.id),
  });
}
