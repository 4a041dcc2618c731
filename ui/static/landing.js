/** What stands around the prompt box before there is a project: headline, examples, set-up progress, recent projects. */
import { api } from "./api.js";
import { ago, h, plural } from "./dom.js";
import { fill } from "./composer.js";
import { provider } from "./provider.js";
import { onSetup } from "./setup.js";
import { open, store } from "./store.js";

const EXAMPLES = [
  ["Kanban board", "A kanban board for a small team, with columns, cards you can drag between them, labels and due dates"],
  ["Analytics dashboard", "An analytics dashboard with KPI cards, a revenue chart, a date range filter and a table of top pages"],
  ["Netflix-style homepage", "A Netflix-style homepage with a hero, rows of titles that scroll sideways, and a details dialog"],
  ["Waitlist page", "A waitlist landing page for a new product, with email sign-up and a referral counter"],
  ["Expense tracker", "An expense tracker with categories, monthly budgets and charts"],
];
const RECENT = 6;

export function mountHero(element) {
  element.append(
    h("h1", {}, "What should we build?"),
    h("p", {}, "Describe an app. Agents write a real Next.js project, run it, and check that it works, while you watch."),
  );
}

export function drawUnder(element) {
  const chips = h("div", { class: "chips landing-only", role: "group", "aria-label": "Examples" });
  for (const [name, prompt] of EXAMPLES) chips.append(h("button", { type: "button", onclick: () => fill(prompt) }, name));
  const setup = h("div", { class: "setup landing-only", role: "status", hidden: true });
  const badge = h("p", { class: "provider landing-only", hidden: true });
  const recent = h("section", { class: "recent landing-only", "aria-label": "Recent projects", hidden: true });
  element.append(chips, setup, badge, recent);

  onSetup((state) => drawSetup(setup, state));
  provider().then((me) => drawProvider(badge, me), () => {});
  const drawRecent = () => !store.id && api.projects().then((cards) => showRecent(recent, cards), () => {});
  store.on("project", drawRecent);
  drawRecent();
}

function drawSetup(element, { ready, message, fraction, error }) {
  element.hidden = ready;
  element.classList.toggle("failed", Boolean(error));
  if (ready) return;
  const bar = h("i", { class: fraction == null ? "unknown" : "" });
  if (fraction != null) bar.style.width = `${Math.round(fraction * 100)}%`;
  const percent = fraction == null || error ? "" : `${Math.round(fraction * 100)}%`;
  element.replaceChildren(
    h("span", { class: "setup-line" }, h("b", {}, error ? "Set-up failed" : "Getting ready, once"), h("span", {}, error || message), h("em", {}, percent)),
    h("span", { class: "bar", hidden: Boolean(error) }, bar),
  );
}

function drawProvider(element, me) {
  element.hidden = false;
  if (me.problem) element.replaceChildren(h("span", { class: "pill bad" }, "No model"), h("span", {}, me.problem));
  else if (me.demo) {
    element.replaceChildren(
      h("span", { class: "pill demo" }, "Demo model"),
      h("span", {}, "Scripted, for the examples above. Set ", h("code", {}, "OPENAI_API_KEY"), " for a real one."),
    );
  } else element.replaceChildren(h("span", { class: "pill" }, me.model), h("span", {}, `by ${me.provider}`));
}

function showRecent(element, cards) {
  element.hidden = !cards.length;
  element.replaceChildren(h("h2", {}, "Recent projects"), h("div", { class: "cards" }, cards.slice(0, RECENT).map(card)));
}

function card(project) {
  const picture = project.screenshot_sha256
    ? h("img", { class: "shot", src: api.blobUrl(project.id, project.screenshot_sha256), alt: "", loading: "lazy" })
    : h("span", { class: "shot blank" }, h("i"), h("i"), h("i"));
  const detail = project.active ? "Working now" : `${ago(project.updated_at)}${project.versions ? ` · ${plural(project.versions, "version")}` : ""}`;
  return h("button", { type: "button", class: "project-card", onclick: () => open(project.id) }, picture, h("b", {}, project.title || "Untitled"), h("small", {}, detail));
}
