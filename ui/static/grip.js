/** The divider between chat and work, by pointer and by arrow keys; its place is remembered. */
import { $, h } from "./dom.js";
import { remember, remembered } from "./memory.js";

const KEY = "split";
const MIN = 320;

export function mountGrip(element) {
  const handle = h("div", { class: "handle", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": "Width of the chat" });
  element.append(handle);
  const place = (x) => {
    const width = Math.round(Math.min(Math.max(x, MIN), innerWidth * 0.6));
    document.documentElement.style.setProperty("--chat-width", `${width}px`);
    handle.setAttribute("aria-valuenow", String(width));
    remember(KEY, String(width));
  };
  const saved = Number(remembered(KEY));
  if (saved) place(saved);
  handle.onpointerdown = (down) => {
    handle.setPointerCapture(down.pointerId);
    document.body.classList.add("dragging");
    handle.onpointermove = (move) => place(move.clientX);
    handle.onpointerup = handle.onpointercancel = () => {
      document.body.classList.remove("dragging");
      handle.onpointermove = null;
    };
  };
  handle.onkeydown = (event) => {
    const by = { ArrowLeft: -24, ArrowRight: 24 }[event.key];
    if (by) place($("#left").offsetWidth + by);
  };
  handle.ondblclick = () => place(430);
}
