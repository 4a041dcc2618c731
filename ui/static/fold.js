/** How a page is folded from the journal's events: the mirror of `backend/views.py`, which a test holds together with this. */

export const MAX_LOG_LINES = 1500;

export const emptyView = (id, title = "") => ({
  id,
  title,
  seq: 0,
  runs: [],
  versions: [],
  preview: { state: "off", url: null },
  touched: {},
  followups: [],
  held: null,
  logs: [],
});

/** Apply one entry to `view`, in place. Entries at or before `view.seq` are ignored, so a repeat does no harm. */
export function fold(view, entry) {
  if (entry.seq <= view.seq) return;
  view.seq = entry.seq;
  const event = entry.event;
  switch (event.type) {
    case "run.queued":
      view.runs.push({
        id: entry.run_id,
        kind: event.kind,
        prompt: event.prompt,
        attachments: event.attachments,
        status: "queued",
        attempt: 0,
        queued_at: entry.at,
        finished_at: null,
        cancelling: false,
        restore_id: event.restore_id ?? null,
        resends: event.resends ?? null,
        set_aside: false,
        steps: [],
        verified: false,
        failure: null,
        version_id: null,
        duration_s: null,
        input_tokens: 0,
        cached_tokens: 0,
        output_tokens: 0,
        cost_micros: 0,
        estimated: false,
        sandbox_s: 0,
      });
      return;
    case "project.titled":
      view.title = event.title;
      return;
    case "followups.changed":
      view.followups = event.followups;
      view.held = event.held;
      return;
    case "sandbox.booting":
      view.preview = { state: "booting", url: null };
      return;
    case "sandbox.ready":
      view.preview = { state: "ready", url: event.preview_url };
      return;
    case "sandbox.closed":
      view.preview = { state: "off", url: null };
      return;
    case "log.lines":
      for (const line of event.lines) view.logs.push({ at: entry.at, source: event.source, line });
      view.logs.splice(0, view.logs.length - MAX_LOG_LINES);
      return;
  }
  const run = view.runs.findLast((r) => r.id === entry.run_id);
  if (run) foldRun(view, run, entry);
}

/** All runs but those that led to where the files now are: agents are no longer told of them. */
function setAside(view) {
  const madeBy = new Map(view.versions.map((v) => [v.id, v.run_id]));
  const lines = new Map();
  let line = [];
  for (const run of view.runs) {
    const done = new Set(run.steps.filter((s) => s.state !== "running").map((s) => s.key));
    if (run.resends && done.has("base:0") && !done.has("undo:0")) line = lines.get(madeBy.get(run.restore_id)) ?? [];
    line = [...line, run.id];
    lines.set(run.id, line);
  }
  for (const run of view.runs) run.set_aside = !line.includes(run.id);
}

function foldRun(view, run, { event, at }) {
  switch (event.type) {
    case "run.claimed":
      run.status = "running";
      run.attempt = event.attempt;
      // A step begun by a lost worker is begun again under the same key.
      run.steps = run.steps.filter((s) => s.state !== "running");
      break;
    case "step.started":
      run.steps = run.steps.filter((s) => s.key !== event.step);
      run.steps.push({ ...newStep(event.step, event.kind, at), tool: event.tool, target: event.target });
      break;
    case "model.finished": {
      const step = stepOf(run, event.step, "model", at);
      Object.assign(step, { state: "done", duration_ms: event.duration_ms });
      Object.assign(step, { text: event.text, thinking: event.thinking, model: event.model });
      spend(run, event);
      break;
    }
    case "model.restarted":
      Object.assign(stepOf(run, event.step, "model", at), { text: "", thinking: "", note: event.reason });
      break;
    case "model.spent":
      spend(run, event);
      break;
    case "review.finished":
      Object.assign(stepOf(run, event.step, "review", at), {
        state: "done",
        duration_ms: event.duration_ms,
        findings: event.findings,
        model: event.model,
      });
      spend(run, event);
      break;
    case "tool.finished": {
      const step = stepOf(run, event.step, "tool", at);
      Object.assign(step, { state: event.ok ? "done" : "failed", duration_ms: event.duration_ms });
      Object.assign(step, { tool: event.tool, target: event.target, result: event.result });
      Object.assign(step, { changes: event.changes, output: event.output, exit_code: event.exit_code });
      if (event.changes.length && !run.steps.some((s) => s !== step && s.changes.length)) view.touched = {};
      for (const change of event.changes) view.touched[change.path] = touch(view.touched[change.path], change.status);
      if (run.resends && ["base:0", "undo:0"].includes(event.step)) setAside(view);
      break;
    }
    case "check.finished":
      Object.assign(stepOf(run, event.step, "check", at), {
        state: event.report.passed ? "done" : "failed",
        duration_ms: event.duration_ms,
        report: event.report,
      });
      break;
    case "run.cancel_requested":
      run.cancelling = true;
      break;
    case "version.committed":
      view.versions.push({
        id: event.version_id,
        number: event.number,
        run_id: run.id,
        title: event.title,
        verified: event.verified,
        changes: event.changes,
        at,
        screenshot_sha256: event.screenshot_sha256,
      });
      view.touched = Object.fromEntries(event.changes.map((c) => [c.path, c.status]));
      break;
    case "run.finished":
      Object.assign(run, { status: event.status, finished_at: at, cancelling: false });
      Object.assign(run, { verified: event.verified, failure: event.failure, version_id: event.version_id });
      Object.assign(run, { duration_s: event.duration_s, cost_micros: event.cost_micros });
      run.sandbox_s = event.sandbox_s;
      for (const step of run.steps) if (step.state === "running") step.state = "stopped";
  }
}

const newStep = (key, kind, at) => ({
  key,
  kind,
  state: "running",
  started_at: at,
  tool: null,
  target: "",
  text: "",
  thinking: "",
  changes: [],
  output: "",
  exit_code: null,
  result: "",
  report: null,
  findings: [],
  model: "",
  duration_ms: null,
  note: "",
});

function spend(run, event) {
  for (const part of ["input_tokens", "cached_tokens", "output_tokens", "cost_micros"]) run[part] += event[part];
  run.estimated ||= event.estimated;
}

function stepOf(run, key, kind, at) {
  const known = run.steps.findLast((s) => s.key === key);
  if (known) return known;
  run.steps.push(newStep(key, kind, at));
  return run.steps.at(-1);
}

/** A file added and then edited in one run was added. */
const touch = (before, now) => (before === "A" && now === "M" ? "A" : now);
