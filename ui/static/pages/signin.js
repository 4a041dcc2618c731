/** The sign-in page: its views are all in the document, one is shown; the address and the typed e-mail follow along. */
import { $, $$ } from "../dom.js";
import { wire } from "./forms.js";
import { go, pageData, post } from "./http.js";
import { startCode, startReveals } from "./inputs.js";
import { startLight } from "./light.js";

const AGAIN_S = 60;
const { next, view: arrival } = pageData();
const views = new Map($$(".view").map((section) => [section.dataset.view, section]));
const problem = $("#problem");
let shown = arrival;

function show(name) {
  views.get(shown).hidden = true;
  const section = views.get(name);
  section.hidden = false;
  shown = name;
  document.title = section.dataset.title;
  for (const element of $$(".address")) element.textContent = history.state?.email || "your address";
  const recovering = history.state?.sent === "recover";
  $("#sent-recover").hidden = !recovering;
  $("#sent-confirm").hidden = recovering;
  const first = $$("input:not([hidden])", section).find((input) => !input.value);
  (first ?? $("h1", section)).focus();
}

/** Views that speak of an address are empty words where none was given, as in a link that was passed on. */
function showAsked() {
  const wanted = new URLSearchParams(location.search).get("view") ?? "signin";
  const spoken = !["code", "sent"].includes(wanted) || history.state?.email;
  problem.hidden = true;
  show(spoken && views.has(wanted) ? wanted : arrival);
}

function open(name, state = {}) {
  const url = new URL(location.href);
  url.searchParams.delete("problem");
  if (name === "signin") url.searchParams.delete("view");
  else url.searchParams.set("view", name);
  history.pushState(state, "", url);
  problem.hidden = true;
  show(name);
}

const arrive = (answer) => {
  if (answer.confirm) return void open("sent", { email: typed(), sent: "confirm" });
  go(answer.next);
  return true;
};

const email = (values) => values.email.trim();
const typed = () => $("input[name=email]", views.get(shown))?.value.trim() ?? "";

const ACTS = {
  "sign-in": async (values) => arrive(await post("/auth/sign-in", { email: email(values), password: values.password, next })),
  "sign-up": async (values) => arrive(await post("/auth/sign-up", { email: email(values), password: values.password, next })),
  upgrade: async (values) => arrive(await post("/auth/upgrade", { email: email(values), password: values.password, next })),
  anonymous: async () => arrive(await post("/auth/anonymous", { next })),
  code: async ({ code }) => arrive(await post("/auth/code", { email: history.state.email, code, next })),
  password: async ({ password }) => {
    const answer = await post("/auth/password", { password });
    go(next === "/" ? answer.next : next);
    return true;
  },
  email: async (values) => {
    await post("/auth/email", { email: email(values), next });
    open("code", { email: email(values) });
    restAgain();
  },
  recover: async (values) => {
    await post("/auth/recover", { email: email(values) });
    open("sent", { email: email(values), sent: "recover" });
  },
  "sign-out": async () => {
    await post("/auth/sign-out");
    go(`/signin?next=${encodeURIComponent(next)}`);
    return true;
  },
};

const again = $("[data-again]");

/** Mails are not sent in a row: the button rests, and says for how long. */
function restAgain() {
  const until = Date.now() + AGAIN_S * 1000;
  again.setAttribute("aria-disabled", "true");
  const timer = setInterval(draw, 500);
  function draw() {
    const left = Math.ceil((until - Date.now()) / 1000);
    again.textContent = left > 0 ? `Send it again in ${left} s` : "Send it again";
    if (left > 0) return;
    clearInterval(timer);
    again.setAttribute("aria-disabled", "false");
  }
  draw();
}

again.onclick = async () => {
  if (again.getAttribute("aria-disabled") === "true") return;
  again.textContent = "Sending…";
  again.setAttribute("aria-disabled", "true");
  try {
    await post("/auth/email", { email: history.state.email, next });
  } catch (refusal) {
    const element = $(".refusal", views.get("code"));
    element.textContent = refusal.message;
    element.hidden = false;
  }
  restAgain();
};

for (const form of $$("form[data-act]")) wire(form, ACTS[form.dataset.act]);
for (const link of $$("[data-go]")) {
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(link.dataset.go);
  });
}
// What was typed as an address in one view is there in all.
document.addEventListener("input", ({ target }) => {
  if (target.name === "email") for (const other of $$("input[name=email]")) other.value = target.value;
});
addEventListener("popstate", showAsked);
// The link in the mail was opened in another tab of this browser.
new BroadcastChannel("codeflow.sign-in").onmessage = () => ["code", "sent"].includes(shown) && show("signed-in");

startReveals();
startCode($("#code-code"));
startLight();
if (["code", "sent"].includes(arrival)) {
  if (history.state?.email) show(arrival);
  else open(arrival === "code" ? "email" : "signin");
} else if (matchMedia("(pointer: fine)").matches && window.top === window.self) {
  $$("input:not([hidden])", views.get(arrival)).find((input) => !input.value)?.focus();
}
