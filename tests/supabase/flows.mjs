// PKCE on mailed links, which hosted GoTrue has and lite ignores: the link's token carries a mark, following it gives a code instead of
// tokens, and the code is worth a session only together with the verifier of whoever asked for the mail.
import { createHash, randomUUID } from "node:crypto";

const PREFIX = "pkce_";

export class Flows {
  #challenges = new Map();
  #codes = new Map();

  mark(tokenHash, challenge) {
    this.#challenges.set(tokenHash, challenge);
    return PREFIX + tokenHash;
  }

  isMarked(token) {
    return token?.startsWith(PREFIX) ?? false;
  }

  unmark(token) {
    return this.isMarked(token) ? token.slice(PREFIX.length) : token;
  }

  /** A code for the session that a marked link led to. */
  code(marked, session) {
    const code = randomUUID();
    this.#codes.set(code, { session, challenge: this.#challenges.get(this.unmark(marked)) });
    return code;
  }

  has(code) {
    return this.#codes.has(code);
  }

  /** The session, once; null when the verifier is not the one the challenge was made from. */
  redeem(code, verifier) {
    const { session, challenge } = this.#codes.get(code);
    const hashed = createHash("sha256").update(verifier ?? "").digest("base64url");
    if (challenge !== hashed && challenge !== verifier) return null;
    this.#codes.delete(code);
    return session;
  }
}
