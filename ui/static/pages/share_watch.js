/** Keeps an eye on a share's preview: wakes it, waits for it, notices when it is gone. */
import { call, post } from "./http.js";

const SOON_MS = 1000;
const SLOWEST_MS = 5000;
const WHILE_READY_MS = 15_000;
const SLOWER = 1.25;
// However far our clock is from the server's.
const SHORTEST_WAIT_MS = 3000;
const LONGEST_WAIT_MS = 3_600_000;
const USUAL_WAIT_MS = 60_000;

/**
 * `tell(kind, detail)` hears what there is to see: `waking`; `ready` {url}; `failed`; `limited` {message, until}, until when it waits;
 * `gone` {message}; `silent` {message}, when the server does not answer. Returns `retry()`, for a person who does not want to wait.
 */
export function watchShare(token, tell) {
  const path = `/api/shared/${encodeURIComponent(token)}`;
  let pause = SOON_MS;
  let timer = null;
  let due = false;

  const ask = () => attempt(() => call("GET", path), see);
  const wake = () => attempt(() => post(`${path}/wake`), (shared) => see(shared, true));

  function see({ state, preview_url }, woken = false) {
    if (state === "ready") {
      pause = SOON_MS;
      tell("ready", { url: preview_url });
      later(ask, WHILE_READY_MS);
    } else if (state === "waking") {
      tell("waking");
      later(ask, pause);
      pause = Math.min(pause * SLOWER, SLOWEST_MS);
    } else if (state === "off" && !woken) {
      tell("waking");
      wake();
    } else tell("failed");
  }

  async function attempt(request, next) {
    clearTimeout(timer);
    let shared;
    try {
      shared = await request();
    } catch (refusal) {
      return refused(refusal);
    }
    next(shared);
  }

  function refused(refusal) {
    const { status, message } = refusal;
    if (status === 404) tell("gone", { message });
    else if (status === 429) {
      const told = Date.parse(refusal.resets_at) - Date.now() || USUAL_WAIT_MS;
      const wait = Math.min(Math.max(told, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
      tell("limited", { message, until: Date.now() + wait });
      later(wake, wait);
    } else {
      tell("silent", { message });
      later(ask, pause);
      pause = Math.min(pause * SLOWER, SLOWEST_MS);
    }
  }

  /** Hidden tabs ask nothing: what was due is done when somebody looks again. */
  function later(act, ms) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (document.hidden) due = act;
      else act();
    }, Math.max(ms, 0));
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden || !due) return;
    const act = due;
    due = false;
    act();
  });

  return {
    /** With what the page was served with. One that failed before is given another try. */
    start: ({ state, preview_url }) => (state === "failed" ? wake() : see({ state, preview_url })),
    retry: wake,
  };
}
