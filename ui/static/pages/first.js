// Before the first paint: light or dark, and whether the page stands in another's frame.
(() => {
  const root = document.documentElement;
  let saved = null;
  try {
    saved = localStorage.getItem("codeflow.theme");
  } catch {
    // A frame without storage follows the system.
  }
  const dark = saved ? saved === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "dark" : "light";
  if (window.top !== window.self) root.dataset.framed = "";
})();
