/** The source of one file: breadcrumb, copy, download, and CodeMirror, which is loaded when it is first needed. */
import { api } from "./api.js";
import { button, h, icon } from "./dom.js";
import { emit, store } from "./store.js";

const IMAGE = /\.(png|jpe?g|gif|webp|ico|avif)$/i;

let path = null;
let text = "";
let host = null;
let editor = null;
let drawBreadcrumb = () => {};
let asked = 0;
// Until the person chooses a file, the one the agent wrote last is shown.
let following = true;

export const shownPath = () => path;

/** Show the file the person chose; `line` (1-based) is scrolled to. */
export function choose(next, line = 0) {
  following = false;
  return showFile(next, line);
}

/** Show a file until the person chooses one. */
export async function showFile(next, line = 0) {
  path = next ?? null;
  emit("shown");
  drawBreadcrumb();
  if (path && host) await load(line);
}

async function load(line = 0) {
  const turn = ++asked;
  const [id, file] = [store.id, path];
  try {
    if (IMAGE.test(file)) return present("picture", h("img", { src: api.fileUrl(id, file), alt: file }));
    const [content, view] = await Promise.all([api.file(id, file).then((r) => r.text()), codeMirror()]);
    if (turn !== asked) return;
    text = content;
    if (content.includes("\0")) return present("note", h("p", { class: "quiet" }, "A binary file, not shown."));
    present("code");
    view.show(file, content, line);
  } catch (error) {
    if (turn === asked) present("note", h("p", { class: error.status === 404 ? "quiet" : "error" }, error.status === 404 ? "This file is not there any more." : error.message));
  }
}

async function codeMirror() {
  const { mountSource } = await import("./vendor/editor.js");
  return (editor ??= mountSource(host.querySelector(".code")));
}

function present(kind, content) {
  host.dataset.shows = kind;
  host.querySelector(".other").replaceChildren(...(content ? [content] : []));
}

export function mountSourceView(element) {
  host = element;
  element.append(h("div", { class: "code" }), h("div", { class: "other" }));
  store.on("files", (changed) => {
    const written = changed?.findLast((file) => store.view.touched[file] !== "D");
    if (following && store.active && written && written !== path) showFile(written);
    else if (path && (changed === null || changed.includes(path))) load();
  });
  store.on("project", () => {
    path = null;
    following = true;
    text = "";
    editor?.clear();
    present("note");
    drawBreadcrumb();
  });
  if (path) load();
}

export function mountBreadcrumb(element) {
  const crumbs = h("span", { class: "crumbs" });
  const copy = button("Copy", copyText, "ghost small", icon("copy"));
  const zip = h("a", { class: "button ghost small", download: true, title: "Download the whole project" }, icon("download"), "Download");
  element.append(crumbs, h("span", { class: "space" }), copy, zip);

  async function copyText() {
    await navigator.clipboard?.writeText(text);
    copy.lastChild.textContent = "Copied";
    setTimeout(() => (copy.lastChild.textContent = "Copy"), 1500);
  }
  drawBreadcrumb = () => {
    const names = path?.split("/") ?? [];
    crumbs.replaceChildren(...names.flatMap((name, i) => (i ? [h("i", {}, "/"), h("span", {}, name)] : [h("span", {}, name)])));
    copy.hidden = !path;
    if (store.id) zip.href = api.exportUrl(store.id);
  };
  drawBreadcrumb();
}
