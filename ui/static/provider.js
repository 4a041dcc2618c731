/** Who writes the code: asked once. */
import { api } from "./api.js";

let answer;
/** `{provider, model, demo, reason, problem, isolation}`; `problem` says why no model can be used at all */
export const provider = () => (answer ??= api.me());
