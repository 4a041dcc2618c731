/** The dialog that makes, shows and revokes links to a version. */
import { api } from "./api.js";
import { ago, button, h, icon } from "./dom.js";
import { dialogHost } from "./dialogs.js";
import { store } from "./store.js";

export function openSharing() {
  const id = store.id;
  const versions = [...store.view.versions].reverse();
  const choice = h("select", { "aria-label": "Version" }, versions.map((v) => h("option", { value: v.id }, `Version ${v.number}${v.verified ? "" : ", not verified"}: ${v.title}`)));
  const history = h("input", { type: "checkbox", id: "share-history" });
  const error = h("p", { class: "error", role: "alert", hidden: true });
  const made = h("div", { class: "share-link", hidden: true });
  const list = h("div", { class: "share-list" });
  const make = h("button", { type: "submit", class: "button primary" }, "Create link");
  const form = h(
    "form",
    {},
    h("h2", {}, "Share"),
    h("p", {}, "Anyone with the link sees this version running, and can remix it into a project of their own. Later changes stay yours."),
    choice,
    h("label", { class: "check", for: "share-history" }, history, h("span", {}, "Show the prompts that led to it")),
    error,
    made,
    list,
    h("div", { class: "dialog-acts" }, button("Close", () => dialog.close()), make),
  );
  const dialog = h("dialog", { class: "dialog sharing", "aria-label": "Share", onclose: () => dialog.remove(), onclick: closeOutside }, form);
  function closeOutside(event) {
    if (event.target === dialog) dialog.close();
  }
  const tell = (refusal) => {
    error.hidden = !refusal;
    error.textContent = refusal?.message ?? "";
  };
  const attempt = async (act) => {
    tell(null);
    make.disabled = true;
    try {
      await act();
    } catch (refusal) {
      tell(refusal);
    } finally {
      make.disabled = false;
    }
  };
  const refresh = async () => list.replaceChildren(...shown(await api.shares(id), revoke));
  const revoke = (share) =>
    attempt(async () => {
      await api.revokeShare(share.id);
      if (made.dataset.share === share.id) made.hidden = true;
      await refresh();
    });
  form.onsubmit = (event) => {
    event.preventDefault();
    attempt(async () => {
      const { share, url } = await api.share(id, choice.value, history.checked);
      made.dataset.share = share.id;
      made.hidden = false;
      made.replaceChildren(...link(url));
      await refresh();
    });
  };
  dialogHost().append(dialog);
  dialog.showModal();
  attempt(refresh);
}

function link(url) {
  const field = h("input", { readonly: true, value: url, "aria-label": "Link", onfocus: () => field.select() });
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(url);
    } catch {
      // A frame without leave to write the clipboard: the older way still works there.
      field.select();
      document.execCommand("copy");
    }
    copy.replaceChildren(icon("check"), "Copied");
  }, "ghost", icon("copy"));
  const visit = h("a", { class: "icon-button", href: url, target: "_blank", rel: "noopener", title: "Open the link", "aria-label": "Open the link" }, icon("external"));
  return [h("div", { class: "share-row" }, field, copy, visit), h("small", {}, "Copy it now: for your safety it is not shown again.")];
}

function shown(shares, revoke) {
  if (!shares.length) return [];
  return [
    h("h3", {}, "Links in use"),
    ...shares.map((share) =>
      h(
        "div",
        { class: "share-item" },
        h("span", {}, h("b", {}, `Version ${share.version_number}`), h("small", {}, `${ago(share.created_at)}${share.history ? " · with prompts" : ""}`)),
        button("Revoke", () => revoke(share), "ghost small"),
      ),
    ),
  ];
}
