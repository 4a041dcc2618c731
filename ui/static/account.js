/** Who is signed in, and what is left of their tier: a button in the top bar that opens a menu. Without sign-in there is none. */
import { api } from "./api.js";
import { h, icon } from "./dom.js";
import { askDeleteAccount } from "./dialogs.js";
import { provider } from "./provider.js";
import { store } from "./store.js";

const listeners = [];
let me = null;

/** Called with `{usage, anonymous, upgrade_url, …}` whenever what is left may have changed; never without sign-in. */
export const onUsage = (listener) => {
  listeners.push(listener);
  if (me) listener(me);
};

export async function refreshUsage() {
  if (!me) return;
  try {
    me.usage = await api.usage();
  } catch {
    return; // The next change asks again.
  }
  listeners.forEach((listener) => listener(me));
}

export function mountAccount(element) {
  element.hidden = true;
  provider().then((answer) => {
    if (!answer.sign_in) return;
    me = answer;
    draw(element);
    listeners.forEach((listener) => listener(me));
    let working = Boolean(store.active);
    store.on("view", () => {
      if (working === Boolean(store.active)) return;
      working = !working;
      refreshUsage();
    });
  }, () => {});
}

function draw(element) {
  const initial = me.anonymous ? "?" : me.email[0].toUpperCase();
  const label = me.anonymous ? "Your trial" : `Account of ${me.email}`;
  const menu = h("div", { class: "account-menu", id: "account-menu", popover: "auto", role: "dialog", "aria-label": "Account" });
  const avatar = h("button", { type: "button", class: "avatar", title: label, "aria-label": label, popovertarget: "account-menu" }, initial);
  onUsage(() => {
    avatar.dataset.low = isLow(me.usage) ? "yes" : "no";
    menu.replaceChildren(...items());
  });
  menu.addEventListener("beforetoggle", (event) => event.newState === "open" && refreshUsage());
  element.append(avatar, menu);
  element.hidden = false;
}

function items() {
  const { usage } = me;
  return [
    h(
      "header",
      {},
      h("b", {}, me.anonymous ? "On trial" : me.email),
      h("span", { class: "badge" }, usage.tier.name),
    ),
    meter(usage),
    wayUp() && h("a", { class: "button primary wide", href: wayUp().href, target: wayUp().target, rel: "noopener" }, wayUp().label),
    h("hr"),
    h("a", { class: "menu-item", href: "/api/account/export.zip", download: true }, icon("download"), "Export my data"),
    entry("leave", "Sign out", () => leave(false)),
    !me.anonymous && entry("leave", "Sign out everywhere", () => leave(true)),
    entry("trash", me.anonymous ? "Delete the trial" : "Delete my account", () => {
      document.getElementById("account-menu").hidePopover();
      askDeleteAccount(me);
    }, "bad"),
  ].filter(Boolean);
}

const entry = (picture, label, act, kind = "") =>
  h("button", { type: "button", class: `menu-item ${kind}`, onclick: act }, icon(picture), label);

async function leave(everywhere) {
  await api.signOut(everywhere).catch(() => {});
  location.assign("/signin");
}

/** Where more can be had: an account for a trial, Pro for an account; null when there is no more. */
export function wayUp() {
  if (me?.anonymous) return { href: `/signin?view=upgrade&next=${here()}`, label: "Create an account", target: "" };
  if (me?.upgrade_url && me.usage.tier.id !== "pro") return { href: me.upgrade_url, label: "Upgrade to Pro", target: "_blank" };
  return null;
}

const here = () => encodeURIComponent(location.pathname + location.search);

function meter(usage) {
  if (usage.tier.points == null) return null;
  const left = Math.max(0, usage.tier.points - usage.points_used);
  const bar = h("i");
  bar.style.width = `${(100 * left) / usage.tier.points}%`;
  return h(
    "div",
    { class: `meter ${isLow(usage) ? "low" : ""}` },
    h("span", {}, h("b", {}, leftOf(usage)), h("small", {}, resets(usage))),
    h("span", { class: "bar" }, bar),
    h("small", {}, `${money(usage.spent_micros)} of ${money(usage.tier.budget_micros)} model spend used`),
  );
}

export const leftOf = ({ tier, points_used }) => `${Math.max(0, tier.points - points_used)} of ${tier.points} prompts left`;

export const isLow = ({ tier, points_used }) => tier.points != null && tier.points - points_used <= Math.max(1, tier.points * 0.1);

/** When the window ends: `resets at 18:40`, with the day when that is not today. */
export function resets({ tier, resets_at }) {
  if (!resets_at) return tier.window_s % 86400 ? `every ${Math.round(tier.window_s / 3600)} hours` : tier.window_s === 86400 ? "a day" : `every ${tier.window_s / 86400} days`;
  return `resets ${moment(resets_at)}`;
}

export function moment(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(undefined, { ...(today ? {} : { weekday: "short" }), hour: "2-digit", minute: "2-digit" });
}

const money = (micros) => (micros == null ? "unlimited" : `$${(micros / 1e6).toFixed(2)}`);
