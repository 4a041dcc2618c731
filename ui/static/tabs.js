/** The right pane's Gradio tabs, and on a phone, which of the two panes is seen. */
import { $$ } from "./dom.js";

export function showTab(name) {
  showPane("work");
  $$("#tabs .tab-container button").find((b) => b.textContent.trim() === name)?.click();
}

export function showPane(pane) {
  document.body.dataset.pane = pane;
  $$("#topbar .panes button").forEach((b) => b.setAttribute("aria-pressed", b.dataset.pane === pane));
}
