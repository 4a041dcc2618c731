/** The JSON routes. A refusal is thrown as an `Error` whose message is for a person. */

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`/api/${path}`, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Error("CodeFlow does not answer. Check that it is still running, then try again.");
  }
  if (response.ok) return response;
  if (response.status === 401) signIn();
  const refusal = await response.json().catch(() => null);
  const error = new Error(refusal?.error?.message ?? `The server answered ${response.status}. Try again in a moment.`);
  error.status = response.status;
  if (refusal?.error?.code === "limit_reached") error.limit = refusal.error;
  throw error;
}

/** The session is over: sign in, and come back to this very place. */
const signIn = () => location.assign(`/signin?next=${encodeURIComponent(location.pathname + location.search)}`);

const json = async (...args) => {
  const text = await (await call(...args)).text();
  return text ? JSON.parse(text) : null;
};
const project = (id, rest) => `projects/${encodeURIComponent(id)}/${rest}`;
const followUp = (id) => `followups/${encodeURIComponent(id)}`;

export const api = {
  setup: () => json("GET", "setup"),
  me: () => json("GET", "me"),
  usage: () => json("GET", "usage"),
  signOut: (everywhere) => json("POST", "../auth/sign-out", { everywhere }),
  deleteAccount: (confirm) => json("DELETE", "account", { confirm }),
  shares: (id) => json("GET", project(id, "shares")),
  share: (id, version_id, history) => json("POST", project(id, "shares"), { version_id, history }),
  revokeShare: (id) => json("DELETE", `shares/${encodeURIComponent(id)}`),
  projects: () => json("GET", "projects"),
  rename: (id, title) => json("PATCH", `projects/${encodeURIComponent(id)}`, { title }),
  remove: (id) => json("DELETE", `projects/${encodeURIComponent(id)}`),
  /** A prompt is `{prompt, attachments, run_id}`; with `plan: true` it is planned, not built. */
  begin: (prompt) => json("POST", "projects", prompt),
  run: (id, prompt) => json("POST", project(id, "runs"), prompt),
  follow: (id, prompt) => json("POST", project(id, "followups"), prompt),
  changeFollowUp: (id, prompt) => json("PATCH", followUp(id), { prompt }),
  moveFollowUp: (id, before) => json("POST", `${followUp(id)}/move`, { before }),
  removeFollowUp: (id) => json("DELETE", followUp(id)),
  sendFollowUp: (id) => json("POST", project(id, "followups/send")),
  stop: (run, undo) => json("POST", `runs/${encodeURIComponent(run)}/cancel`, { undo }),
  fork: (id, version_id) => json("POST", project(id, "fork"), { version_id }),
  wake: (id) => json("POST", project(id, "wake"), {}),
  restore: (id, version_id) => json("POST", project(id, "restore"), { version_id }),
  /** `{model, models: [{id, name, title}], variables: [{name, updated_at}]}`; a model's title is its provider. */
  settings: (id) => json("GET", project(id, "settings")),
  chooseModel: (id, model) => json("PATCH", project(id, "settings"), { model }),
  setVariable: (id, name, value) => json("PUT", project(id, `variables/${name}`), { value }),
  removeVariable: (id, name) => json("DELETE", project(id, `variables/${name}`)),
  tree: (id) => json("GET", project(id, "tree")),
  search: (id, query) => json("GET", project(id, `search?q=${encodeURIComponent(query)}`)),
  file: (id, path) => call("GET", api.fileUrl(id, path).slice("/api/".length)),
  fileUrl: (id, path) => `/api/${project(id, `file?file=${encodeURIComponent(path)}`)}`,
  eventsUrl: (id, after, frames) => `/api/${project(id, "events")}${after ? `?after=${after}&frames=${frames}` : ""}`,
  blobUrl: (id, sha) => `/api/${project(id, `blobs/${encodeURIComponent(sha)}.jpg`)}`,
  exportUrl: (id) => `/api/${project(id, "export.zip")}`,
};
