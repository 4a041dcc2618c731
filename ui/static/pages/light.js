/** The button that switches between light and dark. */
import { $ } from "../dom.js";
import { isDark, onLook, startLook, toggleLook } from "../look.js";

export function startLight() {
  const button = $(".look");
  const draw = () => {
    button.title = isDark() ? "Light colours" : "Dark colours";
    button.setAttribute("aria-label", button.title);
  };
  button.onclick = toggleLook;
  onLook(draw);
  startLook();
}
