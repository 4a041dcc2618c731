/** What a share's link opens: the version running, how it was made, and the way to go on from it. */
import { $ } from "../dom.js";
import { pageData } from "./http.js";
import { startLight } from "./light.js";
import { openRemix } from "./remix.js";
import { openFrame } from "./share_frame.js";
import { watchShare } from "./share_watch.js";

const WIDE = matchMedia("(min-width: 1200px)");
const data = pageData();

const show = openFrame(() => watch.retry());
const watch = watchShare(data.token, show);
watch.start(data);
openRemix(data.token);
startLight();

const toggle = $("#toggle");
if (toggle) {
  const isOpen = () => (document.body.dataset.prompts ?? (WIDE.matches ? "open" : "closed")) === "open";
  const set = (open) => {
    document.body.dataset.prompts = open ? "open" : "closed";
    toggle.setAttribute("aria-expanded", String(open));
  };
  toggle.setAttribute("aria-expanded", String(isOpen()));
  WIDE.addEventListener("change", () => toggle.setAttribute("aria-expanded", String(isOpen())));
  toggle.onclick = () => set(!isOpen());
  const close = () => {
    set(false);
    toggle.focus();
  };
  $("#close").onclick = close;
  $("#prompts").addEventListener("keydown", ({ key }) => key === "Escape" && close());
}
