/** The dialog of a project's settings: which model works on it, and the variables its app is given. */
import { api } from "./api.js";
import { dialogHost } from "./dialogs.js";
import { button, h } from "./dom.js";
import { store } from "./store.js";
import { variablesPart } from "./variables.js";

export function openProjectSettings() {
  const project = store.id;
  const error = h("p", { class: "error", role: "alert", hidden: true });
  const said = h("p", { class: "unseen", role: "status" });
  const parts = h("div", { class: "settings-parts" }, h("p", { class: "quiet", role: "status" }, "Loading…"));
  const dialog = h(
    "dialog",
    { class: "dialog settings", "aria-label": "Project settings", onclose: () => dialog.remove(), onclick: closeOutside },
    h("h2", {}, "Project settings"),
    parts,
    error,
    said,
    h("div", { class: "dialog-acts" }, button("Close", () => dialog.close())),
  );
  function closeOutside(event) {
    if (event.target === dialog) dialog.close();
  }

  /** Resolves to whether it was done; a refusal is told in the dialog. */
  async function attempt(work, done = "") {
    error.hidden = true;
    said.textContent = "";
    try {
      await work();
      said.textContent = done;
      return true;
    } catch (refusal) {
      error.textContent = refusal.message;
      error.hidden = false;
      return false;
    }
  }

  dialogHost().append(dialog);
  dialog.showModal();
  attempt(async () => {
    const settings = await api.settings(project);
    parts.replaceChildren(...(settings.models.length > 1 ? [modelPart(project, settings, attempt)] : []), variablesPart(project, settings.variables, attempt));
  }).then((loaded) => loaded || parts.replaceChildren());
}

function modelPart(project, { model, models }, attempt) {
  const known = models.map((m) => option(m.id, `${m.name} · ${m.title}`, m.id === model));
  // What was chosen may not be configured any more; until another is chosen it stays.
  const gone = model && !models.some((m) => m.id === model) ? [option(model, `${model}, not available now`, true)] : [];
  const choice = h("select", { id: "settings-model" }, option("", "Installation's default", !model), ...known, ...gone);
  let kept = model ?? "";
  choice.onchange = async () => {
    if (await attempt(() => api.chooseModel(project, choice.value || null), "Model chosen")) kept = choice.value;
    else choice.value = kept;
  };
  return h("section", {}, h("h3", {}, h("label", { for: "settings-model" }, "Model")), choice, h("small", {}, "Works on this project from the next message on. If it cannot answer, the next one configured steps in."));
}

const option = (value, label, selected) => h("option", { value, selected }, label);
