/** The page's pictures, large, in a dialog: arrow keys go from one to the next, Escape closes it. */
import { api } from "./api.js";
import { dialogHost } from "./dialogs.js";
import { h, iconButton } from "./dom.js";
import { store } from "./store.js";

/** `pictures` as `[screen, sha256]`, the one at `at` first. */
export function showPictures(pictures, at) {
  const picture = h("img", {});
  const words = h("span", { class: "pictures-words", role: "status" });
  const back = iconButton("back", "Previous picture", () => go(-1), { "aria-keyshortcuts": "ArrowLeft" });
  const next = iconButton("chevron", "Next picture", () => go(1), { "aria-keyshortcuts": "ArrowRight" });
  const close = iconButton("close", "Close", () => dialog.close());
  const head = h("header", {}, words, pictures.length > 1 && back, pictures.length > 1 && next, close);
  const dialog = h("dialog", { class: "dialog pictures", "aria-label": "Pictures of the page", onclose: () => dialog.remove(), onclick: closeOutside }, head, h("div", { class: "pictures-frame" }, picture));
  function closeOutside(event) {
    if (event.target === dialog) dialog.close();
  }
  function go(by) {
    at = (at + by + pictures.length) % pictures.length;
    draw();
  }
  function draw() {
    const [screen, sha] = pictures[at];
    picture.src = api.blobUrl(store.id, sha);
    picture.alt = `The page on a ${screen}`;
    dialog.dataset.screen = screen;
    words.textContent = screen === "phone" ? "Phone, 390 × 844" : "Desktop, 1280 × 800";
  }
  dialog.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || pictures.length < 2) return;
    event.preventDefault();
    go(by);
  };
  draw();
  dialogHost().append(dialog);
  dialog.showModal();
}

/** From a link's `desktop:<sha256>,phone:<sha256>/<index>`. */
export function openPictures(argument) {
  const [, pictures, at] = argument.match(/^((?:(?:desktop|phone):[0-9a-f]{64},?)+)\/(\d)$/) ?? [];
  if (pictures) showPictures(pictures.split(",").map((picture) => picture.split(":")), Number(at));
}
