// Mails go to a file, one JSON line each, with what a test would otherwise pick out of the text. Hosted GoTrue's links lead to itself and
// back to the `redirect_to` of the request, and are marked for PKCE; lite's do neither.
import { AsyncLocalStorage } from "node:async_hooks";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const KINDS = ["confirmation", "recovery", "magic_link", "email_change", "invite"];
const MARK = "\n<!--mailbox-->";
const REDIRECT = "@@redirect_to@@";

export const request = new AsyncLocalStorage();

export class Mailbox {
  constructor(file, api, flows) {
    this.file = file;
    this.api = api;
    this.flows = flows;
  }

  /** lite's `email.template`: the product's templates where it has them, and a line only the mailbox reads. */
  async templates(folder, product) {
    await mkdir(folder, { recursive: true });
    const entries = KINDS.map(async (kind) => {
      const body = product?.[kind]?.content_path ? await readFile(product[kind].content_path, "utf8") : "{{ .ConfirmationURL }}";
      const facts = `{"kind":"${kind}","code":"{{ .Token }}","token_hash":"{{ .TokenHash }}","site_url":"{{ .SiteURL }}"}`;
      const content_path = join(folder, `${kind}.html`);
      await writeFile(content_path, `${body.replaceAll(/\{\{\s*\.RedirectTo\s*\}\}/g, REDIRECT)}${MARK}${facts}`);
      return [kind, { ...product?.[kind], content_path }];
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  async send({ to, subject, html, text }) {
    const [body, rest] = html.split(MARK);
    if (!rest) return this.#keep({ to, subject, kind: "reauthentication", code: text.match(/\d+/)[0], token_hash: "", redirect_to: "", html, text });
    const { site_url, ...facts } = JSON.parse(rest);
    const { redirectTo, challenge } = request.getStore() ?? {};
    const token_hash = challenge ? this.flows.mark(facts.token_hash, challenge) : facts.token_hash;
    const redirect_to = redirectTo ?? site_url;
    const written = (part) =>
      part
        .replaceAll(`${site_url.replace(/\/$/, "")}/auth/v1/verify?`, `${this.api}/auth/v1/verify?`)
        .replaceAll(`redirect_to=${encodeURIComponent(site_url)}`, `redirect_to=${encodeURIComponent(redirect_to)}`)
        .replaceAll(facts.token_hash, token_hash)
        .replaceAll(REDIRECT, redirect_to);
    return this.#keep({ to, subject, ...facts, token_hash, redirect_to, html: written(body), text: written(text) });
  }

  #keep(mail) {
    return appendFile(this.file, `${JSON.stringify(mail)}\n`);
  }
}
