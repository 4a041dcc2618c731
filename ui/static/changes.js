/** The Changes tab: the run under way and every version, each with its files' diffs. */
import { $, ago, button, counts, h, icon, plural } from "./dom.js";
import { askFork, askRestore } from "./dialogs.js";
import { diffElement } from "./diff.js";
import { store } from "./store.js";
import { showTab } from "./tabs.js";
import { isUndone } from "./timeline.js";

const NOW = "now";
/** Diffs longer than this start closed. */
const LONG = 300;

let chosen = null;
let draw = () => {};

export function showVersion(id) {
  chosen = id;
  showTab("Changes");
  setTimeout(draw, 0);
}

export function mountChanges(element) {
  let drawn = "";
  draw = () => {
    if (!store.view || !element.offsetParent) return;
    const all = sets();
    const current = all.find((s) => s.id === chosen) ?? all[0];
    const key = JSON.stringify([store.id, current?.id, all.map((s) => [s.id, s.changes.length, s.title])]);
    if (key === drawn) return;
    drawn = key;
    if (!current) return element.replaceChildren(nothing());
    const scroll = $(".version-list", element)?.scrollTop ?? 0;
    element.replaceChildren(h("nav", { class: "version-list", "aria-label": "Versions" }, all.map((s) => entry(s, s === current))), detail(current, all));
    $(".version-list", element).scrollTop = scroll;
  };
  store.on("view", draw);
  store.on("project", () => {
    chosen = null;
    drawn = "";
    element.replaceChildren();
    draw();
  });
  new IntersectionObserver(([seen]) => seen.isIntersecting && draw()).observe(element);
}

/** Newest first: what the last run changed without (yet) making a version, then the versions. */
function sets() {
  const { view, run } = store;
  const versions = view.versions.toReversed().map((v) => ({ ...v, name: `Version ${v.number}` }));
  const changes = run && !isUndone(run) && !versions.some((v) => v.run_id === run.id) ? run.steps.flatMap((s) => s.changes) : [];
  if (!changes.length) return versions;
  const title = store.active ? "The run under way" : "The last run, not a version";
  return [{ id: NOW, name: store.active ? "Working now" : "Not saved as a version", title, changes: byFile(changes), at: run.queued_at }, ...versions];
}

/** A file changed in several steps, as one entry with all its hunks. */
function byFile(changes) {
  const files = new Map();
  for (const change of changes) {
    const known = files.get(change.path);
    if (!known) files.set(change.path, change);
    else
      files.set(change.path, {
        ...change,
        status: known.status === "A" && change.status === "M" ? "A" : change.status,
        added: known.added + change.added,
        removed: known.removed + change.removed,
        diff: known.diff + (known.diff.endsWith("\n") ? "" : "\n") + change.diff,
      });
  }
  return [...files.values()];
}

function entry(set, current) {
  const choose = () => {
    chosen = set.id;
    draw();
  };
  return h(
    "button",
    { type: "button", class: "version-entry", "aria-current": current, onclick: choose },
    h("b", {}, set.name, set.verified ? h("span", { class: "tick", title: "Verified" }, icon("check")) : null),
    h("span", {}, set.title),
    h("small", {}, `${ago(set.at)} · ${plural(set.changes.length, "file")} `, counts(set.changes)),
  );
}

function detail(set, all) {
  const newest = all.find((s) => s.id !== NOW);
  const restore = set.id !== NOW && set !== newest ? button("Restore", () => askRestore(set.id), "ghost small", icon("restore")) : null;
  const fork = set.id !== NOW ? button("Fork", () => askFork(set.id), "ghost small", icon("branch")) : null;
  const badge = set.id === NOW ? null : h("span", { class: `badge ${set.verified ? "ok" : ""}` }, set.verified ? "Verified" : "Not verified");
  return h("div", { class: "version-detail" }, h("header", {}, h("b", {}, set.name), badge, h("span", { class: "version-title" }, set.title), fork, restore), set.changes.map(file));
}

function file(change) {
  const head = h("summary", {}, icon("chevron"), h("em", { class: `status ${change.status}` }, change.status), h("code", {}, change.path), counts([change]));
  const details = h("details", { class: "file" }, head);
  // A closed diff costs nothing until it is opened.
  details.ontoggle = () => details.open && !$(".diff, .quiet", details) && details.append(diffElement(change));
  details.open = change.added + change.removed <= LONG;
  return details;
}

const nothing = () => h("div", { class: "empty" }, h("b", {}, "No changes yet"), h("p", {}, "Each run that changes files is kept here as a version, to compare and to go back to."));
