/** The running app in its frame of another origin, the cover over it, and the devices it is looked at on. */
import { openBridge, previewOrigin } from "../bridge.js";
import { $, $$, button, h } from "../dom.js";

// An app that broke its own bridge is shown all the same, a moment after its page has loaded.
const WITHOUT_BRIDGE_MS = 1500;
const LONG_MS = 20_000;

export function openFrame(retry) {
  const frame = $("#frame");
  const device = $("#device");
  const note = $(".note", device);
  const outside = $("#outside");
  let url = null;
  let origin = null;
  let ticking = null;

  const live = (yes) => device.classList.toggle("live", yes);
  openBridge(frame, () => origin, { ready: () => live(true) });
  frame.addEventListener("load", () => setTimeout(() => url && live(true), WITHOUT_BRIDGE_MS));

  for (const choice of $$("[data-device]")) {
    choice.onclick = () => {
      for (const other of $$("[data-device]")) other.setAttribute("aria-pressed", String(other === choice));
      device.classList.remove("desktop", "tablet", "phone");
      device.classList.add(choice.dataset.device);
    };
  }

  function load(next) {
    if (next === url) return;
    url = next;
    origin = url && previewOrigin(url);
    live(false);
    frame.src = origin ? url : "about:blank";
    outside.setAttribute("aria-disabled", String(!origin));
    if (origin) outside.href = url;
    else outside.removeAttribute("href");
  }

  function say(title, text, ...more) {
    clearInterval(ticking);
    const spinning = more.length === 0;
    note.replaceChildren(h("b", {}, spinning && h("span", { class: "spinner", "aria-hidden": "true" }), title), h("p", {}, text), ...more);
  }

  let since = null;
  const shown = {
    ready({ url: next }) {
      since = null;
      if (next !== url) say("Opening the app", "One moment.");
      load(next);
    },
    waking() {
      since ??= Date.now();
      load(null);
      const long = Date.now() - since > LONG_MS;
      const text = long ? "This takes longer than usual. It goes on by itself." : "Usually a few seconds.";
      if (note.lastChild.textContent !== text || !$(".spinner", note)) say("Waking the app…", text);
    },
    failed() {
      since = null;
      load(null);
      say("The app did not start", "Its sandbox could not be brought up. The app itself is safe.", button("Try again", retry, "primary"));
    },
    limited({ message, until }) {
      load(null);
      const left = h("span", { class: "left", "aria-hidden": "true" });
      say("Waiting for a moment", message, left);
      const draw = () => (left.textContent = `Trying again in ${clock(until - Date.now())}`);
      ticking = setInterval(draw, 500);
      draw();
    },
    gone({ message }) {
      load(null);
      document.body.classList.add("gone");
      say("This link was taken back", message, h("a", { class: "button primary", href: "/" }, "Open CodeFlow"));
    },
    silent({ message }) {
      // An app that runs goes on running without us.
      if (!url) say("CodeFlow does not answer", message, h("span", { class: "left" }, "Trying again…"));
    },
  };
  return (kind, detail) => shown[kind](detail);
}

function clock(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  return s < 90 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}
