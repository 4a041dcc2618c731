/** The bar on top: projects, name, connection, who writes the code, light or dark; on a phone, the switch between the panes. */
import { mountAccount } from "./account.js";
import { api } from "./api.js";
import { h, icon, iconButton } from "./dom.js";
import { askRename } from "./dialogs.js";
import { toggleDrawer } from "./drawer.js";
import { isDark, onLook, toggleLook } from "./look.js";
import { openProjectSettings } from "./project_settings.js";
import { provider } from "./provider.js";
import { openSharing } from "./sharing.js";
import { open, store } from "./store.js";
import { showPane } from "./tabs.js";

export function mountTopbar(element) {
  const home = h("a", { class: "logo", href: "./", onclick: goHome }, h("i", { "aria-hidden": "true" }), "CodeFlow");
  const name = h("button", { type: "button", class: "project-name", title: "Rename project", onclick: rename });
  const lost = h("span", { class: "lost", role: "status" });
  const model = h("span", { class: "model" });
  const panes = h("div", { class: "segments panes", role: "group", "aria-label": "Pane" });
  for (const [pane, label] of [["chat", "Chat"], ["work", "Preview"]])
    panes.append(h("button", { type: "button", "data-pane": pane, "aria-pressed": pane === "chat", onclick: () => showPane(pane) }, label));
  const code = h("a", { class: "icon-button download", title: "Download the project", "aria-label": "Download the project", download: true }, icon("download"));
  const share = h("button", { type: "button", class: "button ghost share", title: "Share this app", "aria-label": "Share", onclick: openSharing }, icon("share"), h("span", {}, "Share"));
  const settings = iconButton("gear", "Project settings", openProjectSettings, { class: "gear" });
  const account = h("div", { class: "account" });
  const look = iconButton("sun", "", toggleLook);

  element.append(iconButton("menu", "Projects", toggleDrawer), home, name, h("span", { class: "space" }), lost, panes, model, code, settings, share, look, account);
  mountAccount(account);

  const draw = () => {
    name.textContent = store.id ? store.view?.title || "New project" : "";
    name.hidden = !store.id;
    settings.hidden = !store.id;
    code.hidden = share.hidden = !store.view?.versions.length;
    if (store.id) code.href = api.exportUrl(store.id);
    lost.textContent = store.id && store.connection === "lost" ? "Connection lost, reconnecting…" : "";
  };
  const drawLook = () => {
    look.replaceChildren(icon(isDark() ? "sun" : "moon"));
    look.title = isDark() ? "Light colours" : "Dark colours";
    look.setAttribute("aria-label", look.title);
  };
  for (const topic of ["view", "project", "connection"]) store.on(topic, draw);
  onLook(drawLook);
  draw();
  drawLook();
  provider().then((me) => {
    model.textContent = me.demo ? "Demo model" : me.model;
    model.title = me.reason || `${me.provider}: ${me.model}`;
    model.classList.toggle("demo", me.demo);
  }, () => {});
}

function goHome(event) {
  if (event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  open(null);
}

const rename = () => store.view && askRename({ id: store.id, title: store.view.title }, () => {});
