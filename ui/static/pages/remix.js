/** Remix: the version as a project of one's own; who is not signed in is sent to do that, and it goes on when they are back. */
import { $, h } from "../dom.js";
import { remember, remembered } from "../memory.js";
import { go, post } from "./http.js";

const PATIENCE_MS = 3_600_000;

export function openRemix(token) {
  const button = $("#remix");
  const label = $("span", button);
  const idle = label.textContent;
  const told = $("#told");
  const path = `/s/${encodeURIComponent(token)}`;

  const busy = (yes) => {
    button.setAttribute("aria-disabled", String(yes));
    button.classList.toggle("busy", yes);
    label.textContent = yes ? button.dataset.busy : idle;
  };
  const tell = (text, more = "") => {
    told.hidden = !text;
    told.replaceChildren(h("span", {}, text), more);
  };

  async function remix() {
    if (button.getAttribute("aria-disabled") === "true") return;
    tell("");
    busy(true);
    try {
      const { project_id } = await post(`/api/shared/${encodeURIComponent(token)}/remix`);
      go(`/?p=${encodeURIComponent(project_id)}`);
    } catch (refusal) {
      if (refusal.status === 401) {
        remember("remix", JSON.stringify({ token, at: Date.now() }));
        go(`/signin?next=${encodeURIComponent(`${path}?remix=1`)}`);
        return;
      }
      busy(false);
      tell(refusal.message, refusal.upgrade_url ? h("a", { href: refusal.upgrade_url }, "Get more") : "");
    }
  }

  button.onclick = remix;
  addEventListener("pageshow", ({ persisted }) => persisted && busy(false));

  // Only what was begun here goes on by itself: a link alone must not make projects in somebody's account.
  if (!new URLSearchParams(location.search).has("remix")) return;
  history.replaceState(null, "", path);
  if (takeIntent(token)) remix();
  else {
    tell("Press Remix to copy this app into your projects.");
    button.focus();
  }
}

/** Whether this browser asked to remix this app a short while ago; it is asked once. */
function takeIntent(token) {
  const kept = remembered("remix");
  remember("remix", "");
  try {
    const intent = JSON.parse(kept);
    return intent.token === token && Date.now() - intent.at < PATIENCE_MS;
  } catch {
    return false;
  }
}
