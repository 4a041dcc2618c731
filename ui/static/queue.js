/** The prompts that wait for the run under way, above the box: why they wait, and to change, move or take back each. */
import { refreshUsage, wayUp } from "./account.js";
import { api } from "./api.js";
import { addToBox, fail, refused } from "./composer.js";
import { button, h, plural } from "./dom.js";
import { waitingItem } from "./queue_item.js";
import { store } from "./store.js";

const HELD = {
  stopped: ["Stopped", "these wait for you", "this waits for you"],
  failed: ["The run failed", "these wait for you", "this waits for you"],
  limit: ["Your limit is reached", "these wait for you", "this waits for you"],
};

export function mountQueue(element) {
  const words = h("span", { class: "queue-words", role: "status" });
  const way = h("span", { class: "queue-way" });
  const now = button("Send now", () => act(sendNow), "primary small");
  const list = h("ol", { class: "queue-list", "aria-label": "Waiting prompts" });
  const said = h("span", { class: "unseen", role: "status" });
  const section = h("section", { class: "queue", "aria-label": "Prompts that wait" }, h("header", {}, words, way, now), list, said);
  element.append(section);

  const items = new Map();
  let project = null;
  let drawn = "";

  /** Resolves to whether it was done; a refusal is told by the box. */
  async function act(work, done = "") {
    fail("");
    now.disabled = true;
    try {
      await work();
      said.textContent = done;
      return true;
    } catch (refusal) {
      refused(refusal);
      return false;
    } finally {
      now.disabled = false;
    }
  }

  async function sendNow() {
    await api.sendFollowUp(store.id);
    refreshUsage();
  }

  const acts = {
    change: (id, prompt) => act(() => api.changeFollowUp(id, prompt), "Changed"),
    remove: (id) => act(() => api.removeFollowUp(id), "Removed"),
    /** Move the prompt to stand before the one that is now at `index`. */
    move(id, index) {
      const waiting = store.view.followups;
      const before = waiting[index]?.id ?? null;
      if (before === id) return true;
      const at = waiting.findIndex((f) => f.id === id);
      return act(() => api.moveFollowUp(id, before), `Moved to place ${index > at ? index : index + 1} of ${waiting.length}`);
    },
  };

  function draw() {
    if (project !== store.id) {
      project = store.id;
      rescue([...items.values()]);
      items.clear();
      list.replaceChildren();
    }
    const { followups = [], held = null } = store.view ?? {};
    const key = JSON.stringify([project, followups, held, Boolean(store.active), wayUp()]);
    if (key === drawn) return;
    drawn = key;
    section.hidden = !followups.length;
    head(followups, held);
    const known = new Set(followups.map((f) => f.id));
    const gone = [...items].filter(([id]) => !known.has(id));
    for (const [id] of gone) items.delete(id);
    if (rescue(gone.map(([, item]) => item))) fail("That prompt was sent or removed meanwhile. What you typed is in the box.");
    followups.forEach((followup, index) => {
      if (!items.has(followup.id)) items.set(followup.id, waitingItem(followup.id, acts));
      items.get(followup.id).draw(followup, index, followups.length);
    });
    arrange(list, followups.map((f) => items.get(f.id).element));
  }

  function head(followups, held) {
    const idle = !store.active;
    const [why, these, one] = HELD[held] ?? [];
    if (held) words.textContent = `${why}: ${followups.length === 1 ? one : these}`;
    else words.textContent = idle ? "Sending the next one…" : `${plural(followups.length, "prompt")} waiting: sent when this run is done`;
    const up = held === "limit" && wayUp();
    way.replaceChildren(...(up ? [h("a", { href: up.href, target: up.target, rel: "noopener" }, up.label)] : []));
    now.hidden = !(held && idle);
  }

  /** What was typed into these and not saved goes into the box. Whether there was any. */
  function rescue(leaving) {
    const typed = leaving.map((item) => item.unsaved()).filter(Boolean);
    typed.forEach(addToBox);
    return typed.length > 0;
  }

  store.on("view", draw);
  store.on("project", draw);
  draw();
}

/** Put the items in their order; what has the focus keeps it. */
function arrange(list, elements) {
  if (elements.length === list.children.length && elements.every((element, i) => element === list.children[i])) return;
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  list.replaceChildren(...elements);
  if (focused?.isConnected) focused.focus();
  else if (focused) list.querySelector("button:enabled")?.focus();
}
