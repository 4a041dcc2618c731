/** The right pane's Gradio tabs, and on a phone, which of the two panes is seen. */
import { $$ } from "./dom.js";

export function showTab(name) {
  showPane("work");
  $$("#tabs .tab-container button").find((b) => b.textContent.trim() === name)?.click();
}

export const showPane = (pane) => (document.body.dataset.pane = pane);
