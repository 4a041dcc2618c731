/** Steps in flight, put together from frames: disposable, and replaced by the step's event when it finishes. */

/** `{runs: {run id: largest n seen}, steps: {"run id/step": [{kind, tool, text}, … by part]}}` */
export const emptyLive = () => ({ runs: {}, steps: {} });

export function addFrame(live, frame) {
  if (frame.n <= (live.runs[frame.run_id] ?? -1)) return;
  live.runs[frame.run_id] = frame.n;
  const parts = (live.steps[`${frame.run_id}/${frame.step}`] ??= []);
  for (const { part, kind, tool, text } of frame.deltas) {
    const known = (parts[part] ??= { kind, tool, text: "" });
    known.text += text;
  }
}

/** What a journal entry makes of the pieces so far: a step that starts, restarts or ends has none. */
export function settle(live, { run_id, event }) {
  if (event.step) delete live.steps[`${run_id}/${event.step}`];
  if (event.type === "run.claimed" || event.type === "run.finished")
    for (const key of Object.keys(live.steps)) if (key.startsWith(`${run_id}/`)) delete live.steps[key];
}

export const partsOf = (live, run, key) => (live.steps[`${run.id}/${key}`] ?? []).filter(Boolean);

/** The string value of `name` in JSON that may be cut off anywhere; null when it has not begun. */
export function partialString(json, name) {
  const start = json.match(new RegExp(`"${name}"\\s*:\\s*"`));
  if (!start) return null;
  const body = json.slice(start.index + start[0].length).match(/^(?:[^"\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*/)[0];
  try {
    return JSON.parse(`"${body.replace(/[\u0000-\u001f]/g, " ")}"`);
  } catch {
    return null;
  }
}
