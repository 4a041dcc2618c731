/**
 * Messages between this page and the app in the preview's frame (`template/starter/instrumentation-client.ts` is the other end).
 * The app is hostile until proven otherwise: a message counts only if it comes from that very frame *and* from the preview's origin,
 * and whatever it says is text.
 */

/** The preview's origin, or null when the URL is not one a frame may show. */
export function previewOrigin(url) {
  try {
    const { protocol, origin } = new URL(url);
    return ["http:", "https:"].includes(protocol) && origin !== location.origin ? origin : null;
  } catch {
    return null;
  }
}

/** `on` has a method a type: `ready route error console hmr`. Returns `send(type, detail)`. */
export function openBridge(frame, origin, on) {
  addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== frame.contentWindow || from !== origin() || data?.source !== "codeflow") return;
    if (Object.hasOwn(on, data.type)) on[data.type](data);
  });
  return (type, detail = {}) => origin() && frame.contentWindow?.postMessage({ source: "codeflow-host", type, ...detail }, origin());
}

/** A path of the app as it may be shown or asked for: one that stays on its origin. */
export function safePath(value) {
  const path = String(value ?? "").trim().slice(0, 2000);
  return path.startsWith("/") && !path.startsWith("//") ? path : `/${path.replace(/^\/+/, "")}`;
}
