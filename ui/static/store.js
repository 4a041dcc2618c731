/** One project's page: its journal over one EventSource, folded, with the cursor that resumes it. The URL's `?p=` names the project. */
import { api } from "./api.js";
import { emptyView, fold } from "./fold.js";
import { addFrame, emptyLive, settle } from "./live.js";

const HIDDEN_MS = 30_000;
const listeners = {};

export const store = {
  id: null,
  /** `ProjectView`, or null until the stream's first message. */
  view: null,
  live: emptyLive(),
  /** "idle", "connecting", "open" or "lost". */
  connection: "idle",

  /** Topics: `project` (another one, or none), `view`, `files` (with the changed paths, null for all), `logs`, `connection`, `gone`, `shown` (another file in the Code tab), `again` (a message to be sent again, or no more), `plan` (the switch was flipped). */
  on(topic, listener) {
    (listeners[topic] ??= []).push(listener);
  },
  get run() {
    return store.view?.runs.at(-1) ?? null;
  },
  get active() {
    return isActive(store.run) ? store.run : null;
  },
};

export const isActive = (run) => run?.status === "queued" || run?.status === "running";

export const emit = (topic, detail) => listeners[topic]?.forEach((listener) => listener(detail));

let source = null;
let framesAt = 0;
let retry = 0;
let timer;

/** Show a project, or with null the landing. `push` adds a step to the browser's history. */
export function open(id, push = true) {
  if (id === store.id) return;
  disconnect();
  Object.assign(store, { id, view: null, live: emptyLive(), connection: "idle" });
  framesAt = retry = 0;
  const url = id ? `?p=${encodeURIComponent(id)}` : location.pathname;
  if (push) history.pushState({}, "", url);
  emit("project");
  if (id) connect();
}

function connect() {
  clearTimeout(timer);
  source?.close();
  setConnection(retry ? "lost" : "connecting");
  source = new EventSource(api.eventsUrl(store.id, store.view?.seq ?? 0, framesAt));
  source.onopen = () => {
    retry = 0;
    setConnection("open");
  };
  source.onmessage = (message) => receive(JSON.parse(message.data));
  source.onerror = lost;
}

function disconnect() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

// Our own retry, not EventSource's: it would ask again from where this connection began.
async function lost() {
  disconnect();
  setConnection("lost");
  const id = store.id;
  // Once more when the connection does not come back: the project may be gone, or the sign-in over.
  if ((!store.view || retry === 1) && (await isGone(id))) {
    if (id === store.id) emit("gone");
    return;
  }
  if (id === store.id) timer = setTimeout(connect, Math.min(500 * 2 ** retry++, 8000));
}

const isGone = (id) => api.tree(id).then(() => false, (error) => error.status === 404);

function setConnection(connection) {
  if (store.connection === connection) return;
  store.connection = connection;
  emit("connection");
}

function receive({ view, entries = [], frames = [] }) {
  const before = store.view?.logs.at(-1);
  let changed = view ? null : [];
  if (view) store.view = view;
  store.view ??= emptyView(store.id);
  for (const entry of entries) {
    if (entry.seq <= store.view.seq) continue;
    fold(store.view, entry);
    settle(store.live, entry);
    for (const change of entry.event.changes ?? []) changed?.push(change.path);
  }
  for (const [position, frame] of frames) {
    framesAt = Math.max(framesAt, position);
    addFrame(store.live, frame);
  }
  emit("view");
  if (changed === null || changed.length) emit("files", changed);
  if (view || store.view.logs.at(-1) !== before) emit("logs");
}

// A browser allows six connections a host: a tab nobody looks at gives its own back.
let hidden;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hidden);
  if (document.hidden) hidden = setTimeout(disconnect, HIDDEN_MS);
  else if (store.id && !source) connect();
});
addEventListener("online", () => store.id && connect());
addEventListener("popstate", () => open(new URLSearchParams(location.search).get("p"), false));
