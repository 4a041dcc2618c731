/** Keys that work anywhere: ⌘K or Ctrl+K to the prompt, Escape closes the drawer. (Enter and Shift+Enter are the prompt box's own.) */
import { focusPrompt } from "./composer.js";
import { $ } from "./dom.js";
import { closeDrawer } from "./drawer.js";
import { showPane } from "./tabs.js";

export function startKeys() {
  addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      showPane("chat");
      focusPrompt();
    } else if (event.key === "Escape" && !$("dialog[open]")) closeDrawer();
  });
}
