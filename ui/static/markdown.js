/**
 * Text on its way into Gradio's Markdown. Gradio sanitises what it renders; this makes sure that what a person or an agent
 * wrote is *shown* as written, never taken for markup of ours.
 */

const entity = (character) => `&#${character.codePointAt(0)};`;

/** For a place where Markdown is parsed (a step's title): nothing in it is Markdown or HTML any more. */
export const escapeInline = (text) => text.replace(/[^\p{L}\p{N} ,;]/gu, entity);

/** For the inside of an HTML block without blank lines, where Markdown is not parsed. */
export const escapeBlock = (text) => text.replace(/[&<>"'\n\r]/g, entity);

/** A person's prompt: exactly as typed, with its line breaks. */
export const promptHtml = (text) => text.split("\n").map(escapeInline).join("<br>");

/** An agent's Markdown with HTML taken as text; code is left alone, since Markdown escapes it. */
export function agentMarkdown(text) {
  return text
    .split(/(^ {0,3}(?:```|~~~)[\s\S]*?(?:^ {0,3}(?:```|~~~)[^\S\n]*$|$(?![\s\S]))|`[^`\n]+`)/m)
    .map((piece, i) => (i % 2 ? piece : piece.replace(/&(?=#?\w+;)/g, "&amp;").replace(/</g, "&lt;")))
    .join("");
}

/** Markdown whose last code block does not run on into what follows. */
export function closed(text) {
  const fences = text.match(/^ {0,3}(?:```|~~~).*$/gm) ?? [];
  const open = fences.reduce((before, fence) => (before ? (fence.trim() === before ? null : before) : fence.trim().slice(0, 3)), null);
  return open ? `${text}\n${open}` : text;
}

/** Lines as a terminal's block. */
export const terminalHtml = (lines) => `<div class="terminal">${lines.map((l) => `<span>${escapeBlock(l) || "&nbsp;"}</span>`).join("")}</div>`;
