/** One waiting prompt: its words, and the buttons, keys and drag that change, move or remove it. */
import { button, h, iconButton, plural } from "./dom.js";

let dragged = null;

/** `acts` are `change(id, prompt)`, `remove(id)` and `move(id, index)`; each resolves to whether it was done, and tells why not. */
export function waitingItem(id, acts) {
  const text = h("span", { class: "queue-text" });
  const pictures = h("small");
  const change = iconButton("pencil", "Edit", edit);
  const up = iconButton("raise", "Move up", () => move(-1), { "aria-keyshortcuts": "Alt+ArrowUp" });
  const down = iconButton("lower", "Move down", () => move(1), { "aria-keyshortcuts": "Alt+ArrowDown" });
  const remove = iconButton("close", "Remove", () => acts.remove(id));
  const shown = h("div", { class: "queue-shown" }, h("i", { class: "queue-grip", "aria-hidden": "true" }), text, pictures, h("span", { class: "queue-acts" }, change, up, down, remove));
  const area = h("textarea", { rows: 2 });
  const save = button("Save", keep, "primary small");
  const editor = h("div", { class: "queue-editor", hidden: true }, area, h("div", { class: "queue-edit-acts" }, button("Cancel", close, "ghost small"), save));
  const element = h("li", { draggable: "true" }, shown, editor);
  let at = 0;
  let count = 1;
  let prompt = "";

  async function move(by) {
    const pressed = by < 0 ? up : down;
    await acts.move(id, by < 0 ? at - 1 : at + 2);
    if (!pressed.disabled) pressed.focus();
  }

  function edit() {
    area.value = prompt;
    shown.hidden = !(editor.hidden = false);
    element.draggable = false;
    area.focus();
  }

  function close() {
    shown.hidden = !(editor.hidden = true);
    element.draggable = true;
    change.focus();
  }

  async function keep() {
    const typed = area.value.trim();
    if (!typed || typed === prompt) return close();
    save.disabled = true;
    const kept = await acts.change(id, typed);
    save.disabled = false;
    if (!kept) return;
    text.textContent = prompt = typed;
    close();
  }

  area.onkeydown = (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      keep();
    }
  };
  element.onkeydown = (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by || !event.altKey || !editor.hidden || !(by < 0 ? at > 0 : at < count - 1)) return;
    event.preventDefault();
    move(by);
  };

  element.ondragstart = (event) => {
    dragged = id;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", prompt);
    element.classList.add("dragged");
  };
  element.ondragend = () => {
    dragged = null;
    element.classList.remove("dragged");
  };
  element.ondragover = (event) => {
    if (!dragged || dragged === id) return;
    event.preventDefault();
    element.dataset.drop = below(event) ? "below" : "above";
  };
  element.ondragleave = () => delete element.dataset.drop;
  element.ondrop = (event) => {
    delete element.dataset.drop;
    if (!dragged || dragged === id) return;
    event.preventDefault();
    acts.move(dragged, below(event) ? at + 1 : at);
  };
  const below = (event) => {
    const { top, height } = element.getBoundingClientRect();
    return event.clientY > top + height / 2;
  };

  return {
    element,
    draw(followup, index, all) {
      [at, count, prompt] = [index, all, followup.prompt];
      const name = prompt.length > 40 ? `${prompt.slice(0, 40)}…` : prompt;
      text.textContent = text.title = prompt;
      pictures.textContent = followup.attachments.length ? plural(followup.attachments.length, "picture") : "";
      area.setAttribute("aria-label", `Prompt “${name}”`);
      for (const [what, words] of [[change, "Edit"], [up, "Move up"], [down, "Move down"], [remove, "Remove"]]) what.setAttribute("aria-label", `${words}: ${name}`);
      const focused = document.activeElement;
      up.disabled = index === 0;
      down.disabled = index === all - 1;
      if (focused === up && up.disabled) down.focus();
      if (focused === down && down.disabled) up.focus();
    },
    /** What was typed and not saved, or "". */
    unsaved: () => (!editor.hidden && area.value.trim() !== prompt ? area.value.trim() : ""),
  };
}
