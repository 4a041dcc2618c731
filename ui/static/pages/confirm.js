/** A link from an e-mail does something only when its button is pressed: scanners of mail open every link. */
import { $ } from "../dom.js";
import { wire } from "./forms.js";
import { go, pageData, post } from "./http.js";
import { startLight } from "./light.js";

const link = pageData();

wire($("form"), async () => {
  try {
    const answer = await post("/auth/confirm", link);
    if (answer.confirm) return finish("Half done", "Now open the link in the other mail: it went to your other address.");
    if (link.type !== "recovery") new BroadcastChannel("codeflow.sign-in").postMessage("signed in");
    go(answer.next);
    return true;
  } catch (refusal) {
    // The server or the way to it may be back in a moment; the link is as good as before.
    if (refusal.status === 0 || refusal.status === 429 || refusal.status >= 500) throw refusal;
    finish("This link does not work any more", refusal.message);
  }
});

function finish(heading, why) {
  $("#over-heading").textContent = heading;
  $("#over-why").textContent = why;
  $("#ask").hidden = true;
  $("#over").hidden = false;
  $("#over-heading").focus();
}

startLight();
