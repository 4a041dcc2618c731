/** Beside the stop button: the two ways to stop. Stopping keeps what was written; undoing takes it back. */
import { stop } from "./composer.js";
import { h, icon, iconButton } from "./dom.js";
import { store } from "./store.js";

export function mountHalt(element) {
  const menu = h("div", { class: "halt-menu", id: "halt-menu", popover: "auto", role: "dialog", "aria-label": "Ways to stop" });
  const way = (picture, label, detail, undo) =>
    h("button", { type: "button", class: "halt-way", onclick: () => (menu.hidePopover(), stop(undo)) }, icon(picture), h("span", {}, h("b", {}, label), h("small", {}, detail)));
  menu.append(way("stop", "Stop", "What it wrote so far is kept", false), way("undo", "Stop and undo its changes", "What this run wrote is taken back, nothing else", true));
  const more = iconButton("raise", "More ways to stop", null, { class: "halt", popovertarget: "halt-menu", "aria-haspopup": "dialog", "aria-expanded": false });
  menu.addEventListener("beforetoggle", ({ newState }) => {
    more.setAttribute("aria-expanded", newState === "open");
    if (newState !== "open") return;
    const { top, right } = more.getBoundingClientRect();
    Object.assign(menu.style, { bottom: `${innerHeight - top + 8}px`, right: `${innerWidth - right}px` });
  });
  menu.addEventListener("toggle", ({ newState }) => newState === "open" && menu.querySelector("button").focus());
  element.append(more, menu);
  const draw = () => {
    // Waking a preview writes nothing.
    more.hidden = !store.active || store.active.kind === "wake";
    if (more.hidden && menu.matches(":popover-open")) menu.hidePopover();
  };
  store.on("view", draw);
  store.on("project", draw);
  draw();
}
