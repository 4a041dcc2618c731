/** The machine's first set-up (downloads, the compiled template), asked for once a second until it is done. */
import { api } from "./api.js";

const listeners = [];
let state = { ready: true, message: "", fraction: null, error: null };
let asking = false;

/** `listener` gets `{ready, message, fraction, error}` now if it is known, and at each change. */
export function onSetup(listener) {
  listeners.push(listener);
  listener(state);
  if (!asking) ask();
}

async function ask() {
  asking = true;
  try {
    state = await api.setup();
    listeners.forEach((listener) => listener(state));
  } catch {
    // The server is away for a moment; the connection indicator tells.
  }
  asking = !state.ready;
  if (asking) setTimeout(ask, 1000);
}

export const setupState = () => state;
