/** A read-only CodeMirror 6 for the Code tab. `mountSource(parent)` → `{show(path, text, line), clear()}`. */
import { defaultKeymap } from "@codemirror/commands";
import { css } from "@codemirror/lang-css";
import { html } from "@codemirror/lang-html";
import { javascript } from "@codemirror/lang-javascript";
import { json } from "@codemirror/lang-json";
import { markdown } from "@codemirror/lang-markdown";
import { HighlightStyle, bracketMatching, codeFolding, foldGutter, foldKeymap, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorSelection, EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

const LANGUAGES = {
  tsx: () => javascript({ jsx: true, typescript: true }),
  ts: () => javascript({ typescript: true }),
  jsx: () => javascript({ jsx: true }),
  js: () => javascript({ jsx: true }),
  mjs: () => javascript(),
  cjs: () => javascript(),
  css: () => css(),
  json: () => json(),
  html: () => html(),
  svg: () => html(),
  md: () => markdown(),
};

// Colours come from the page's custom properties, so that one style serves light and dark.
const colours = HighlightStyle.define([
  { tag: [t.keyword, t.modifier, t.controlKeyword, t.operatorKeyword, t.moduleKeyword], color: "var(--code-keyword)" },
  { tag: [t.string, t.special(t.string), t.regexp, t.attributeValue], color: "var(--code-string)" },
  { tag: [t.number, t.bool, t.null, t.atom, t.unit, t.color], color: "var(--code-number)" },
  { tag: [t.tagName, t.angleBracket], color: "var(--code-tag)" },
  { tag: t.attributeName, color: "var(--code-attribute)" },
  { tag: [t.typeName, t.className, t.namespace], color: "var(--code-type)" },
  { tag: [t.function(t.variableName), t.function(t.propertyName), t.labelName], color: "var(--code-function)" },
  { tag: t.propertyName, color: "var(--code-property)" },
  { tag: [t.comment, t.meta], color: "var(--code-comment)" },
  { tag: t.heading, fontWeight: "600" },
  { tag: t.link, color: "var(--code-string)", textDecoration: "underline" },
]);

const fixed = [
  EditorState.readOnly.of(true),
  EditorView.contentAttributes.of({ "aria-label": "Source", tabindex: "0" }),
  EditorView.editable.of(false),
  lineNumbers(),
  codeFolding(),
  foldGutter({ markerDOM: (open) => Object.assign(document.createElement("span"), { className: `fold ${open ? "open" : ""}` }) }),
  drawSelection(),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  bracketMatching(),
  highlightSelectionMatches(),
  search({ top: true }),
  syntaxHighlighting(colours),
  keymap.of([...searchKeymap, ...foldKeymap, ...defaultKeymap]),
];

export function mountSource(parent) {
  const view = new EditorView({ parent });
  let shown = null;
  return {
    /** Show `text` as `path` would be highlighted; `line` (1-based) is scrolled to. The same file keeps its scroll place. */
    show(path, text, line = 0) {
      const language = LANGUAGES[path.split(".").pop()];
      const top = shown === path && !line ? view.scrollDOM.scrollTop : 0;
      view.setState(EditorState.create({ doc: text, extensions: [fixed, language ? language() : []] }));
      shown = path;
      if (line) {
        const at = view.state.doc.line(Math.min(line, view.state.doc.lines)).from;
        view.dispatch({ selection: EditorSelection.cursor(at), effects: EditorView.scrollIntoView(at, { y: "center" }) });
      } else requestAnimationFrame(() => (view.scrollDOM.scrollTop = top));
    },
    clear() {
      shown = null;
      view.setState(EditorState.create({ doc: "", extensions: fixed }));
    },
  };
}
