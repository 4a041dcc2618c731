/** The drawer of projects, in Gradio's sidebar: open, start, rename, delete. */
import { api } from "./api.js";
import { $, ago, button, h, icon, iconButton } from "./dom.js";
import { askDelete, askRename } from "./dialogs.js";
import { open, store } from "./store.js";

let refresh = () => {};

const isOpen = () => Boolean($("#drawer.open"));
export function toggleDrawer() {
  $("#drawer .toggle-button")?.click();
  refresh();
}
export const closeDrawer = () => isOpen() && $("#drawer .toggle-button")?.click();

export function mountProjects(element) {
  const list = h("div", { class: "project-list" });
  const fresh = button("New project", () => go(null), "ghost wide", icon("plus"));
  element.append(h("div", { class: "drawer-head" }, h("b", {}, "Projects"), iconButton("close", "Close", closeDrawer)), fresh, list);

  refresh = async () => {
    try {
      const projects = await api.projects();
      list.replaceChildren(...projects.map(item));
      if (!projects.length) list.append(h("p", { class: "quiet" }, "No projects yet. Describe one, and it will be here."));
    } catch (error) {
      list.replaceChildren(h("p", { class: "error" }, error.message));
    }
  };
  document.addEventListener("pointerdown", (event) => {
    if (isOpen() && !event.target.closest("#drawer, #topbar, dialog")) closeDrawer();
  });
}

function item(project) {
  const rename = iconButton("pencil", `Rename ${project.title || "project"}`, () => askRename(project, refresh));
  const remove = iconButton("trash", `Delete ${project.title || "project"}`, () =>
    askDelete(project, () => {
      if (project.id === store.id) open(null);
      refresh();
    }),
  );
  const name = h(
    "button",
    { type: "button", class: "project-open", onclick: () => go(project.id), "aria-current": project.id === store.id && "page" },
    h("i", { class: `dot ${project.active ? "active" : ""}` }),
    h("span", {}, project.title || "Untitled"),
    h("small", {}, project.active ? "working" : ago(project.updated_at)),
  );
  return h("div", { class: "project-item" }, name, h("span", { class: "project-acts" }, rename, remove));
}

function go(id) {
  open(id);
  closeDrawer();
}
