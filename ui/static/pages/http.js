/** Calls from the pages outside Gradio. A refusal is thrown as a `Refusal`, whose message is for a person. */

export class Refusal extends Error {
  /** `field`: the name of the input it is about, if any. For status 429: `resets_at`, when to try again; `upgrade_url`, where there is more. */
  constructor(status, { message, field = null, resets_at = null, upgrade_url = null }) {
    super(message);
    Object.assign(this, { status, field, resets_at, upgrade_url });
  }
}

/** The answer's JSON, or null when it has none. */
export async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Refusal(0, { message: "CodeFlow does not answer. Check your connection, then try again." });
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  throw new Refusal(response.status, answer?.error ?? { message: `The server answered ${response.status}. Try again in a moment.` });
}

export const post = (path, body = {}) => call("POST", path, body);

/** What the server wrote into the page for its script. */
export const pageData = () => JSON.parse(document.getElementById("data").textContent);

/** Go to a path of this site; anything else leads home. */
export function go(path) {
  const url = new URL(typeof path === "string" ? path : "/", location.origin);
  location.assign(url.origin === location.origin ? url.href : "/");
}
