/** Small helpers to build DOM. Text is always set as text: nothing here parses HTML. */

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** `h("button", {class: "x", onclick: f, "aria-label": "y"}, ...children)`; null and false children and attributes are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element[name] = value;
    else if (name.startsWith("aria-") && value != null) element.setAttribute(name, String(value));
    else if (value == null || value === false) continue;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

const PATHS = {
  back: "m15 6-6 6 6 6",
  branch: "M6 4v10M6 20a3 3 0 1 0 0-6 3 3 0 0 0 0 6M18 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6M18 10c0 5-6 4-9 6",
  chat: "M4 5h16v11H9l-5 4z",
  check: "m5 12.5 4.5 4.5L19 7",
  chevron: "m9 6 6 6-6 6",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  desktop: "M3 5h18v11H3zM8 20h8M12 16v4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  external: "M14 4h6v6M20 4 10 14M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5",
  find: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12M20 20l-4.6-4.6",
  gear: "M10.3 3.5h3.4l.5 2.4 1.5.9 2.4-.8 1.7 3-1.8 1.6v1.8l1.8 1.6-1.7 3-2.4-.8-1.5.9-.5 2.4h-3.4l-.5-2.4-1.5-.9-2.4.8-1.7-3 1.8-1.6v-1.8L4.2 9l1.7-3 2.4.8 1.5-.9zM12 9a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  hidden: "M4 4l16 16M9.9 5.2A9.5 9.5 0 0 1 12 5c5 0 8.5 4.2 9.5 7a12 12 0 0 1-2.6 3.8M6.3 7.2A12.6 12.6 0 0 0 2.5 12c1 2.8 4.5 7 9.5 7a9.3 9.3 0 0 0 4.2-1M10 10a3 3 0 0 0 4 4",
  leave: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  lower: "m6 9 6 6 6-6",
  menu: "M4 7h16M4 12h16M4 17h16",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5",
  pencil: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  phone: "M8 3h8v18H8zM11 18h2",
  plan: "M4 6.5l1.5 1.5L8 5M11 6.5h9M4 12.5h4M11 12.5h9M4 18.5h4M11 18.5h9",
  plus: "M12 5v14M5 12h14",
  raise: "m6 15 6-6 6 6",
  reload: "M3 12a9 9 0 1 0 3-6.7L3 8M3 3v5h5",
  restore: "M4 12a8 8 0 1 0 3-6.2L4 8M4 4v4h4M12 8v4l3 2",
  share: "M12 15V4M8 7.5 12 3.5l4 4M6 12H5v8h14v-8h-1",
  shown: "M2.5 12c1-2.8 4.5-7 9.5-7s8.5 4.2 9.5 7c-1 2.8-4.5 7-9.5 7s-8.5-4.2-9.5-7M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  stop: "M6 6h12v12H6z",
  sun: "M12 4V2M12 22v-2M4 12H2M22 12h-2M5.6 5.6 4.2 4.2M19.8 19.8l-1.4-1.4M5.6 18.4l-1.4 1.4M19.8 4.2l-1.4 1.4M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8",
  tablet: "M6 3h12v18H6zM11 18h2",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  up: "M7 17 17 7M8 7h9v9",
  warning: "M12 4 2.5 20h19zM12 10v4M12 17v.3",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export const iconButton = (name, label, onclick, attributes = {}) =>
  h("button", { type: "button", title: label, "aria-label": label, onclick, ...attributes, class: `icon-button ${attributes.class ?? ""}` }, icon(name));

export const button = (label, onclick, kind = "ghost", ...before) =>
  h("button", { type: "button", class: `button ${kind}`, onclick }, ...before, label);

export const counts = (changes) => {
  const [added, removed] = sums(changes);
  return h("span", { class: "counts" }, h("ins", {}, `+${added}`), removed > 0 && h("del", {}, `−${removed}`));
};

/** [added, removed] lines of some `FileChange`s. */
export const sums = (changes) => changes.reduce(([a, r], c) => [a + c.added, r + c.removed], [0, 0]);

export const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

export function ago(at) {
  const seconds = (Date.now() - new Date(at)) / 1000;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 30 * 86400) return `${plural(Math.round(seconds / 86400), "day")} ago`;
  return new Date(at).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
}

export const seconds = (ms) => (ms < 9950 ? `${(ms / 1000).toFixed(1)}s` : wholeSeconds(ms));
export const wholeSeconds = (ms) => (ms < 60000 ? `${Math.round(ms / 1000)}s` : clock(ms));
const clock = (ms) => `${Math.floor(ms / 60000)}m ${Math.floor((ms % 60000) / 1000)}s`;

const STYLING = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07/g;
/** Terminal output without its colours and cursor movements. */
export const plain = (text) => text.replace(STYLING, "").replace(/[^\n]*\r(?!\n)/g, "");

export const debounce = (f, ms) => {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => f(...args), ms);
  };
};
