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
  const refusal = await response.json().catch(() => null);
  const error = new Error(refusal?.error?.message ?? `The server answered ${response.status}. Try again in a moment.`);
  error.status = response.status;
  throw error;
}

const json = async (...args) => {
  const text = await (await call(...args)).text();
  return text ? JSON.parse(text) : null;
};
const project = (id, rest) => `projects/${encodeURIComponent(id)}/${rest}`;

export const api = {
  setup: () => json("GET", "setup"),
  me: () => json("GET", "me"),
  projects: () => json("GET", "projects"),
  rename: (id, title) => json("PATCH", `projects/${encodeURIComponent(id)}`, { title }),
  remove: (id) => json("DELETE", `projects/${encodeURIComponent(id)}`),
  run: (id, prompt) => json("POST", project(id, "runs"), { prompt }),
  wake: (id) => json("POST", project(id, "wake"), {}),
  restore: (id, version_id) => json("POST", project(id, "restore"), { version_id }),
  tree: (id) => json("GET", project(id, "tree")),
  search: (id, query) => json("GET", project(id, `search?q=${encodeURIComponent(query)}`)),
  file: (id, path) => call("GET", api.fileUrl(id, path).slice("/api/".length)),
  fileUrl: (id, path) => `/api/${project(id, `file?file=${encodeURIComponent(path)}`)}`,
  eventsUrl: (id, after, frames) => `/api/${project(id, "events")}${after ? `?after=${after}&frames=${frames}` : ""}`,
  blobUrl: (id, sha) => `/api/${project(id, `blobs/${encodeURIComponent(sha)}.jpg`)}`,
  exportUrl: (id) => `/api/${project(id, "export.zip")}`,
};
