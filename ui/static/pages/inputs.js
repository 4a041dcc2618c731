/** What each kind of input accepts, and how it helps: checked before anything is sent, and judged again by the server. */
import { $$ } from "../dom.js";

const SHORTEST_PASSWORD = 8;
const LONGEST_PASSWORD = 128;

/** What is wrong with the input's value, for a person; empty when nothing is. */
export function checkInput({ type, name, value, autocomplete }) {
  if (name === "email") return checkEmail(value.trim());
  if (name === "code") return /^\d{6}$/.test(value) ? "" : "Enter the six digits from the mail.";
  if (type !== "password" && name !== "password") return "";
  if (!value) return autocomplete === "new-password" ? "Choose a password." : "Enter your password.";
  if (value.length > LONGEST_PASSWORD) return `Too long: use ${LONGEST_PASSWORD} characters or fewer.`;
  if (autocomplete === "new-password" && value.length < SHORTEST_PASSWORD) return `Too short: use ${SHORTEST_PASSWORD} characters or more.`;
  return "";
}

function checkEmail(value) {
  if (!value) return "Enter your e-mail address.";
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? "" : "Enter the whole address, as in ada@example.com.";
}

/** Buttons that show what is typed into a password. */
export function startReveals() {
  for (const button of $$("[data-reveal]")) {
    const input = document.getElementById(button.dataset.reveal);
    const set = (shown) => {
      input.type = shown ? "text" : "password";
      button.textContent = shown ? "Hide" : "Show";
      button.setAttribute("aria-pressed", String(shown));
    };
    button.onclick = () => set(input.type === "password");
    // Browsers remember what they saw in a text field.
    input.form.addEventListener("submit", () => set(false), { capture: true });
  }
}

/** Digits only, pasted with spaces or in a sentence; the sixth sends the form. */
export function startCode(input) {
  input.addEventListener("input", () => {
    const digits = input.value.replace(/\D/g, "").slice(0, 6);
    const complete = digits.length === 6 && digits !== input.dataset.sent;
    input.value = digits;
    if (!complete) return;
    input.dataset.sent = digits;
    input.form.requestSubmit();
  });
}
