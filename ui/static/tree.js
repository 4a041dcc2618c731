/** The file explorer: folders, A/M/D badges, search over names and contents. */
import { api } from "./api.js";
import { debounce, h, icon } from "./dom.js";
import { choose, shownPath, showFile } from "./source.js";
import { store } from "./store.js";

const START = ["app", "components", "lib"];
const MAX_NAMES = 30;

export function mountTree(element) {
  let files = [];
  let open = new Set(START);
  let query = "";
  const list = h("div", { class: "tree", role: "tree", "aria-label": "Files" });
  const input = h("input", { placeholder: "Search files and code", "aria-label": "Search files and code", spellcheck: "false" });
  element.append(h("label", { class: "field" }, icon("find"), input), list);

  const load = debounce(async () => {
    const id = store.id;
    if (!id) return;
    try {
      const answer = await api.tree(id);
      if (id !== store.id) return;
      files = answer;
      draw();
      if (!shownPath()) showFile(first(files));
    } catch (error) {
      list.replaceChildren(h("p", { class: "error" }, error.message));
    }
  }, 150);

  function draw() {
    if (query) return;
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.path : null;
    list.replaceChildren(...branch(folders(files), "", 0));
    if (!files.length) list.append(h("p", { class: "quiet" }, "No files yet."));
    if (focused) [...list.children].find((row) => row.dataset.path === focused)?.focus();
  }

  function branch(folder, prefix, depth) {
    const rows = [];
    for (const [name, content] of [...folder.folders].sort(byName)) {
      const path = prefix + name;
      const expanded = open.has(path);
      rows.push(row(name, path, depth, { "aria-expanded": expanded, class: "folder", onclick: () => toggle(path) }, icon("chevron")));
      if (expanded) rows.push(...branch(content, `${path}/`, depth + 1));
    }
    for (const file of folder.files.sort((a, b) => a.path.localeCompare(b.path))) rows.push(fileRow(file, file.path.slice(prefix.length), depth));
    return rows;
  }

  function toggle(path) {
    open.has(path) ? open.delete(path) : open.add(path);
    draw();
  }

  const search = debounce(async () => {
    query = input.value.trim();
    if (!query) return draw();
    const asked = query;
    const names = files.filter((f) => f.path.toLowerCase().includes(asked.toLowerCase())).slice(0, MAX_NAMES);
    list.replaceChildren(...names.map((f) => fileRow(f, f.path, 0)));
    if (asked.length < 2) return;
    try {
      const hits = await api.search(store.id, asked);
      if (asked !== query) return;
      list.append(...hits.map(hit));
      if (!names.length && !hits.length) list.append(h("p", { class: "quiet" }, "Nothing found."));
    } catch (error) {
      list.append(h("p", { class: "error" }, error.message));
    }
  }, 140);
  input.oninput = search;
  input.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    input.value = "";
    search();
  };
  list.onkeydown = (event) => {
    const rows = [...list.children];
    const at = rows.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    const folder = document.activeElement.getAttribute("aria-expanded");
    if (next != null) rows[Math.max(0, Math.min(next, rows.length - 1))]?.focus();
    else if ((event.key === "ArrowRight" && folder === "false") || (event.key === "ArrowLeft" && folder === "true")) document.activeElement.click();
    else return;
    event.preventDefault();
  };

  store.on("files", load);
  store.on("shown", draw);
  store.on("project", () => {
    files = [];
    open = new Set(START);
    input.value = query = "";
    list.replaceChildren();
    load();
  });
  if (store.id) load();
}

const row = (label, path, depth, attributes, ...before) =>
  h("button", { type: "button", role: "treeitem", style: `--depth:${depth}`, "data-path": path, ...attributes, class: `tree-row ${attributes.class ?? ""}` }, ...before, h("span", {}, label));

function fileRow(file, label, depth) {
  const status = file.status || store.view?.touched[file.path] || "";
  const kind = file.path.split(".").pop().toLowerCase();
  const element = row(label, file.path, depth, { class: `file ${status}`, "aria-selected": file.path === shownPath(), onclick: () => void (status !== "D" && choose(file.path)) }, h("i", { class: "kind", "data-kind": kind }));
  if (status) element.append(h("em", { title: { A: "Added", M: "Changed", D: "Deleted" }[status] }, status));
  return element;
}

function hit(match) {
  return h(
    "button",
    { type: "button", class: "hit", title: match.path, onclick: () => choose(match.path, match.line) },
    h("b", {}, `${match.path.split("/").pop()}:${match.line}`),
    h("span", {}, match.text.trim()),
  );
}

function folders(files) {
  const root = { folders: new Map(), files: [] };
  for (const file of files) {
    let at = root;
    for (const name of file.path.split("/").slice(0, -1)) {
      if (!at.folders.has(name)) at.folders.set(name, { folders: new Map(), files: [] });
      at = at.folders.get(name);
    }
    at.files.push(file);
  }
  return root;
}

const byName = ([a], [b]) => a.localeCompare(b);
const first = (files) => (files.find((f) => f.path === "app/page.tsx") ?? files[0])?.path;
