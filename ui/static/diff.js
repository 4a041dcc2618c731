/** Unified diffs as rows, as DOM for the Changes tab, and as one line of HTML for the chat. */
import { h } from "./dom.js";
import { escapeBlock } from "./markdown.js";

/** `[{kind: "same" | "added" | "removed" | "hunk", old, new, text}]`; `old` and `new` are line numbers or null. */
export function rows(diff) {
  const out = [];
  let before = 0;
  let after = 0;
  for (const line of diff.replace(/\n$/, "").split("\n")) {
    const hunk = line.match(/^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/);
    if (hunk) {
      [before, after] = [Number(hunk[1]), Number(hunk[2])];
      out.push({ kind: "hunk", old: null, new: null, text: line });
    } else if (line[0] === "+") out.push({ kind: "added", old: null, new: after++, text: line.slice(1) });
    else if (line[0] === "-") out.push({ kind: "removed", old: before++, new: null, text: line.slice(1) });
    else if (line[0] !== "\\") out.push({ kind: "same", old: before++, new: after++, text: line.slice(1) });
  }
  return out;
}

// The first hunk of a short diff says nothing; later ones separate what is far apart.
const shown = (diff) => {
  const all = rows(diff);
  return all[0]?.kind === "hunk" ? all.slice(1) : all;
};

export function diffElement(change) {
  if (!change.diff) return h("p", { class: "quiet" }, change.status === "D" ? "Deleted." : "A binary file, not shown.");
  return h(
    "div",
    { class: "diff", tabindex: 0, "aria-label": `Changes in ${change.path}` },
    h(
      "div",
      { class: "diff-rows" },
      shown(change.diff).map((row) =>
        row.kind === "hunk"
          ? h("span", { class: "row hunk" }, "⋯")
          : h("span", { class: `row ${row.kind}` }, h("i", {}, row.old ?? ""), h("i", {}, row.new ?? ""), h("b", {}, row.text || "\u00a0")),
      ),
    ),
  );
}

/** Bounded to `limit` rows; without newlines, so that Markdown leaves it alone. */
export function diffHtml(change, limit = 160) {
  if (!change.diff) return "";
  const all = shown(change.diff);
  const lines = all.slice(0, limit).map((row) => {
    if (row.kind === "hunk") return `<span class="row hunk">⋯</span>`;
    return `<span class="row ${row.kind}"><i>${row.new ?? row.old}</i><b>${escapeBlock(row.text) || "&nbsp;"}</b></span>`;
  });
  if (all.length > limit) lines.push(`<span class="row hunk">${all.length - limit} more lines in Changes</span>`);
  return `<div class="diff"><div class="diff-rows">${lines.join("")}</div></div>`;
}
