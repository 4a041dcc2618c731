/** The Preview tab: the running app in a sandboxed frame of another origin. The frame is made once and never again. */
import { api } from "./api.js";
import { openBridge, previewOrigin, safePath } from "./bridge.js";
import { attempt } from "./chatbot.js";
import { $$, button, h, iconButton, plural } from "./dom.js";
import { addBrowserLine, browserErrors, clearBrowserLines, onBrowserErrors } from "./logs.js";
import { drawCover } from "./preview_cover.js";
import { errorOverlay } from "./preview_error.js";
import { onSetup } from "./setup.js";
import { store } from "./store.js";
import { showTab } from "./tabs.js";

const SANDBOX = "allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads";
const DEVICES = [["desktop", "Desktop"], ["tablet", "Tablet, 768 wide"], ["phone", "Phone, 390 wide"]];
// An app that broke its own bridge is shown all the same, a moment after its page has loaded.
const WITHOUT_BRIDGE_MS = 1500;

export function mountPreview(element) {
  let url = null;
  let origin = null;
  let bridged = false;
  let problem = null;

  const frame = h("iframe", { title: "The running app", sandbox: SANDBOX, allow: "clipboard-write; fullscreen", referrerpolicy: "origin" });
  const cover = h("div", { class: "cover" });
  const overlay = h("div", { class: "overlay", hidden: true });
  const device = h("div", { class: "device desktop" }, frame, cover, overlay);
  const path = h("input", { class: "path", value: "/", spellcheck: "false", autocapitalize: "off", "aria-label": "Path in the app" });
  const errors = h("button", { type: "button", class: "console-errors", onclick: () => showTab("Logs"), hidden: true });
  const sizes = DEVICES.map(([name, label]) => iconButton(name, label, () => setDevice(name), { "aria-pressed": name === "desktop" }));
  const controls = [iconButton("back", "Back", () => send("back")), iconButton("reload", "Reload", reload)];
  const outside = iconButton("external", "Open in a new tab", () => url && window.open(new URL(safePath(path.value), url), "_blank", "noopener"));

  element.append(
    h(
      "div",
      { class: "toolbar" },
      h("div", { class: "segments devices", role: "group", "aria-label": "Screen size" }, sizes),
      controls,
      h("form", { class: "path-bar", onsubmit: (event) => (event.preventDefault(), navigate()) }, path),
      errors,
      outside,
    ),
    h("div", { class: "stage" }, device),
  );

  const send = openBridge(frame, () => origin, {
    ready(message) {
      bridged = true;
      setLive(true);
      setPath(message.path);
      setProblem(null);
    },
    route: (message) => setPath(message.path),
    console: (message) => addBrowserLine(message.level, message.text),
    error(message) {
      addBrowserLine("error", message.message);
      setProblem(message);
    },
    hmr(message) {
      if (message.status !== "built") return;
      if (problem?.kind === "build") setProblem(null);
      device.classList.remove("flash");
      void device.offsetWidth;
      device.classList.add("flash");
    },
  });

  function setDevice(name) {
    device.classList.remove(...DEVICES.map(([d]) => d));
    device.classList.add(name);
    sizes.forEach((size, i) => size.setAttribute("aria-pressed", DEVICES[i][0] === name));
  }

  function setPath(value) {
    if (document.activeElement !== path) path.value = safePath(value);
  }

  function setLive(live) {
    device.classList.toggle("live", live);
  }

  function setProblem(next) {
    problem = next;
    drawProblem();
  }

  function load(target) {
    bridged = false;
    frame.src = new URL(safePath(target), url).href;
  }

  function reload() {
    if (!url) return;
    setProblem(null);
    clearBrowserLines();
    bridged ? send("reload") : load(path.value);
  }

  function navigate() {
    if (!url) return;
    path.value = safePath(path.value);
    path.blur();
    bridged ? send("navigate", { path: path.value }) : load(path.value);
  }

  frame.addEventListener("load", () => setTimeout(() => url && store.view?.preview.state === "ready" && setLive(true), WITHOUT_BRIDGE_MS));

  // While the agent works it sees the errors itself; afterwards they are the person's to decide about.
  function drawProblem() {
    overlay.hidden = !problem || Boolean(store.active);
    if (!overlay.hidden) overlay.replaceChildren(errorOverlay(problem, () => setProblem(null)));
  }

  function draw() {
    const preview = store.view?.preview ?? { state: "off", url: null };
    const next = preview.state === "ready" ? preview.url : null;
    if (next && next !== url) {
      url = next;
      origin = previewOrigin(url);
      setLive(false);
      setProblem(null);
      if (origin) load("/");
    }
    if (!next) {
      setLive(false);
      if (url) frame.src = "about:blank";
      url = origin = null;
      path.value = "/";
    }
    $$("button, input", element.firstChild).forEach((control) => (control.disabled = !url && !control.closest(".devices")));
    drawCover(cover, () => attempt(() => api.wake(store.id)));
    drawProblem();
  }

  onBrowserErrors(() => {
    errors.hidden = !browserErrors();
    errors.textContent = plural(browserErrors(), "error");
  });
  store.on("view", draw);
  store.on("project", () => {
    clearBrowserLines();
    setDevice("desktop");
    draw();
  });
  onSetup(draw);
  draw();
}
