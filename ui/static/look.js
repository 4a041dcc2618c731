/** Light and dark: the system's choice until the person makes one, which is remembered. */
import { remember, remembered } from "./memory.js";

const KEY = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = [];

export const isDark = () => document.documentElement.dataset.theme === "dark";
export const onLook = (listener) => listeners.push(listener);

function apply(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.body.classList.toggle("dark", dark);
  listeners.forEach((listener) => listener());
}

export function toggleLook() {
  remember(KEY, isDark() ? "light" : "dark");
  apply(!isDark());
}

export function startLook() {
  system.addEventListener("change", () => remembered(KEY) ?? apply(system.matches));
  apply(isDark());
  // Gradio sets its own idea of dark once, when it has loaded.
  new MutationObserver(() => document.body.classList.contains("dark") !== isDark() && apply(isDark())).observe(document.body, { attributeFilter: ["class"] });
}
