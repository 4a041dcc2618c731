/** What a run cost, in one line: which models answered, tokens, money. */
import { seconds } from "./dom.js";
import { escapeBlock } from "./markdown.js";

/** `{model, words, more}` for a run, live or over; null when no model was asked. */
export function spent(run) {
  const models = [...new Set(run.steps.filter((step) => step.kind === "model").map((step) => step.model))].filter(Boolean);
  const tokens = run.input_tokens + run.output_tokens;
  const demo = models.every((model) => model === "demo");
  if (!tokens && !run.cost_micros && demo) return null;
  const about = run.estimated ? "about " : "";
  const words = [
    tokens && `${about}${count(tokens)} tokens`,
    run.cached_tokens && `${count(run.cached_tokens)} cached`,
    (run.cost_micros || !demo) && about + money(run.cost_micros),
  ];
  const more = [`${count(run.input_tokens)} tokens read, ${count(run.output_tokens)} written`, run.sandbox_s && `sandbox used for ${seconds(run.sandbox_s * 1000)}`];
  return { model: models.filter((model) => model !== "demo").join(", then "), words: words.filter(Boolean).join(" · "), more: more.filter(Boolean).join("; ") };
}

export function spentHtml(run) {
  const { model, words, more } = spent(run) ?? {};
  if (!words) return "";
  return `<div class="spent" title="${escapeBlock(more)}">${model ? `<b>${escapeBlock(model)}</b>` : ""}<span>${escapeBlock(words)}</span></div>`;
}

const count = (n) => (n < 1000 ? String(n) : n < 999_950 ? `${(n / 1000).toFixed(1)}k` : `${(n / 1e6).toFixed(2)}M`);

/** Micro-dollars with as many digits as say something. */
const money = (micros) => (micros ? `$${(micros / 1e6).toFixed(micros < 10_000 ? 4 : micros < 1_000_000 ? 3 : 2)}` : "$0");
