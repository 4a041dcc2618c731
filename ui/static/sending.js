/** A prompt on its way: with its pictures, to where its turn is, and never twice. */
import { api } from "./api.js";
import { store } from "./store.js";

const MAX_TRIED = 50;

/** Prompts whose answer did not come, with the id each was sent under. */
const tried = new Map();

export const isSending = () => "sending" in document.body.dataset;

/** Nothing else is to be sent while `work` is under way. */
export async function sending(work) {
  document.body.dataset.sending = "";
  try {
    return await work();
  } finally {
    delete document.body.dataset.sending;
  }
}

/**
 * `prompt` is `{text, files, kept, plan}`: files as Gradio uploaded them, attachments of an earlier run, and whether to plan it instead of
 * building it. `resends`: the run it replaces.
 * Resolves to `{project_id, run_id}`; while it waits for the run under way, `run_id` is null.
 */
export async function sendPrompt({ text, files = [], kept = [], plan = false }, resends = null) {
  const content = JSON.stringify([store.id, resends, text, files.map((f) => f.path), kept, plan]);
  // The answer to the first try may have been lost: the same prompt goes under the same id, and starts once.
  const id = tried.get(content) ?? newId();
  tried.set(content, id);
  if (tried.size > MAX_TRIED) tried.delete(tried.keys().next().value);
  const project = store.id;
  const pictures = [...files.map((f) => [f.orig_name ?? "picture", f.mime_type, f.url]), ...kept.map((a) => [a.name, a.media_type, api.blobUrl(project, a.sha256)])];
  const prompt = { prompt: text, attachments: await Promise.all(pictures.map(attachment)), run_id: id, ...(plan && { plan }) };
  const answer = await deliver(project, prompt, resends);
  tried.delete(content);
  return answer;
}

async function deliver(project, prompt, resends) {
  if (!project) return api.begin(prompt);
  if (resends) return api.run(project, { ...prompt, resends });
  const { followups = [], held } = store.view ?? {};
  // What waits is built; a plan is for the person, who is there now.
  if (prompt.plan) return api.run(project, prompt);
  if (store.active || (followups.length && !held)) return api.follow(project, prompt);
  try {
    return await api.run(project, prompt);
  } catch (error) {
    // Another page was faster.
    if (error.status === 409) return api.follow(project, prompt);
    throw error;
  }
}

async function attachment([name, media_type, url]) {
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) throw new Error(`The picture “${name}” is not here any more. Remove it, and add it again.`);
  const picture = await answer.blob();
  return { name, media_type: media_type || picture.type, data: await base64(picture) };
}

const base64 = (blob) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error("A picture could not be read. Remove it, and add it again."));
    reader.readAsDataURL(blob);
  });

// `crypto.randomUUID` is there on https and localhost only.
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
