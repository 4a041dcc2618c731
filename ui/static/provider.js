/** Who writes the code: asked once. */
import { api } from "./api.js";

let answer;
/** `{provider, model, demo, reason, isolation}` */
export const provider = () => (answer ??= api.me());
