/** What covers the frame until the app shows: the stage it is at, or that it is asleep. */
import { api } from "./api.js";
import { button, h } from "./dom.js";
import { setupState } from "./setup.js";
import { store } from "./store.js";

let drawn = "";

export function drawCover(cover, wake) {
  const stage = stageNow();
  const key = JSON.stringify([store.id, stage]);
  if (key === drawn && cover.childElementCount) return;
  drawn = key;
  cover.dataset.kind = stage.kind;
  cover.replaceChildren(stage.kind === "asleep" ? asleep(stage, wake) : skeleton(stage));
}

function stageNow() {
  const { view, active } = store;
  const setup = setupState();
  const shot = view?.versions.findLast((v) => v.screenshot_sha256)?.screenshot_sha256 ?? null;
  if (!view) return { kind: "boot", title: "Opening the project", text: "" };
  if (view.preview.state === "ready") return { kind: "boot", title: "Opening the app", text: "The first page is being compiled." };
  if (active && !setup.ready) return { kind: "boot", title: setup.error ? "Set-up failed" : "Getting ready, once", text: setup.error || setup.message };
  if (view.preview.state === "booting") return { kind: "boot", title: "Starting the sandbox", text: "Putting the project's files in place and starting its dev server." };
  if (active?.status === "queued") return { kind: "boot", title: "Waiting for a worker", text: "The run starts as soon as one is free." };
  if (active) return { kind: "boot", title: "Preparing", text: "A sandbox is on its way." };
  return { kind: "asleep", shot };
}

const skeleton = ({ title, text }) =>
  h(
    "div",
    { class: "skeleton", role: "status" },
    h("div", { class: "ghost-page", "aria-hidden": "true" }, h("i"), h("div", {}, h("i"), h("i"), h("i")), h("i"), h("i")),
    h("b", {}, h("span", { class: "spinner", "aria-hidden": "true" }), title),
    text && h("p", {}, text),
  );

const asleep = ({ shot }, wake) =>
  h(
    "div",
    { class: "asleep" },
    shot && h("img", { src: api.blobUrl(store.id, shot), alt: "" }),
    h("div", { class: "asleep-card" }, h("b", {}, "Preview is asleep"), h("p", {}, "Its sandbox was put away to save memory. The files are safe."), button("Wake it up", wake, "primary")),
  );
