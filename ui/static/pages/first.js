// Before the first paint: light or dark, whether the page stands in another's frame, and that a form which is sent before its
// script is there waits for it.
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
  addEventListener(
    "submit",
    (event) => {
      const { dataset } = event.target;
      if ("wired" in dataset) return;
      event.preventDefault();
      dataset.early = "";
    },
    true,
  );
})();
