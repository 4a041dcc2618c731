/** What the browser remembers of the person's choices. A browser that forbids it (a frame without storage) forgets; nothing else breaks. */

export function remembered(key) {
  try {
    return localStorage.getItem(`codeflow.${key}`);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(`codeflow.${key}`, value);
  } catch {
    // Forgotten at the next visit, and that is all.
  }
}
