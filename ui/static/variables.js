/** A project's variables in its settings: their names, when each was set, and to set, replace or remove one. Values are written, never read. */
import { api } from "./api.js";
import { ago, button, h, icon, iconButton } from "./dom.js";

const NAME = /^[A-Z_][A-Z0-9_]{0,63}$/;
const PUBLIC = "NEXT_PUBLIC_";

/** `attempt(work, done)` does `work`, tells what became of it, and resolves to whether it was done. */
export function variablesPart(project, variables, attempt) {
  const list = h("ul", { class: "variables", "aria-label": "Variables" });
  const name = h("input", { "aria-label": "Name", placeholder: "DATABASE_URL", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 80 });
  const value = h("input", { type: "password", "aria-label": "Value", placeholder: "Value", autocomplete: "new-password", spellcheck: "false" });
  const eye = h("button", { type: "button", class: "icon-button eye", onclick: () => reveal(value.type === "password") });
  const save = h("button", { type: "submit", class: "button primary" }, "Set");
  const wrong = h("p", { class: "wrong", id: "variable-wrong", role: "alert", hidden: true });
  const visible = h("p", { class: "hint", hidden: true }, "Reaches the browser of everybody who opens the app: no place for a secret.");
  const form = h("form", { class: "variable-form" }, name, h("span", { class: "secret" }, value, eye), save);

  function reveal(shown) {
    value.type = shown ? "text" : "password";
    const label = shown ? "Hide the value" : "Show the value";
    eye.replaceChildren(icon(shown ? "hidden" : "shown"));
    eye.title = label;
    eye.setAttribute("aria-label", label);
  }

  function tell(message, field) {
    wrong.hidden = !message;
    wrong.textContent = message;
    for (const one of [name, value]) {
      one.setAttribute("aria-invalid", String(one === field));
      one.setAttribute("aria-describedby", one === field ? wrong.id : "");
    }
    field?.focus();
  }

  form.onsubmit = async (event) => {
    event.preventDefault();
    const [named, typed] = [name.value.trim(), value.value];
    if (!NAME.test(named)) return tell("A name is made of capital letters, digits and _, does not begin with a digit, and has at most 64 characters: DATABASE_URL.", name);
    if (!typed) return tell("Give it a value.", value);
    tell("");
    save.disabled = true;
    if (await attempt(() => api.setVariable(project, named, typed), `${named} is set`)) {
      variables = [...variables.filter((v) => v.name !== named), { name: named, updated_at: new Date().toISOString() }];
      clear();
      name.focus();
    }
    save.disabled = false;
  };

  name.oninput = value.oninput = () => {
    tell("");
    save.textContent = variables.some((v) => v.name === name.value.trim()) ? "Replace" : "Set";
    visible.hidden = !name.value.trim().startsWith(PUBLIC);
  };

  function clear() {
    name.value = value.value = "";
    name.oninput();
    reveal(false);
    draw();
  }

  function replace(named) {
    name.value = named;
    name.oninput();
    value.focus();
  }

  async function remove(named) {
    if (!(await attempt(() => api.removeVariable(project, named), `${named} is removed`))) return;
    variables = variables.filter((v) => v.name !== named);
    clear();
    name.focus();
  }

  const row = ({ name: named, updated_at }) =>
    h("li", {}, h("code", {}, named), h("small", {}, `set ${ago(updated_at)}`), iconButton("pencil", `Replace ${named}`, () => replace(named)), removal(named, () => remove(named)));

  function draw() {
    const sorted = variables.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    list.replaceChildren(...sorted.map(row));
    list.hidden = !variables.length;
  }

  reveal(false);
  draw();
  return h(
    "section",
    {},
    h("h3", {}, "Variables"),
    h("small", {}, "Keys and addresses the app needs. Values are encrypted; agents see only the names. Those that begin with ", h("code", {}, "NEXT_PUBLIC_"), " reach the browser. Changes apply from the next run on."),
    list,
    form,
    wrong,
    visible,
  );
}

/** A value cannot be brought back: the second press removes it. */
function removal(named, act) {
  const first = iconButton("trash", `Remove ${named}`, () => {
    sure.hidden = false;
    first.hidden = true;
    sure.focus();
  });
  const sure = button("Remove?", act, "danger small");
  sure.setAttribute("aria-label", `Remove ${named} for good`);
  sure.hidden = true;
  sure.onblur = () => {
    sure.hidden = true;
    first.hidden = false;
  };
  return h("span", { class: "removal" }, first, sure);
}
