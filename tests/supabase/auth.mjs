// GoTrue's protocol as the hosted service speaks it, over lite's: what lite lacks is answered here, what it says differently is put right.
import { randomUUID } from "node:crypto";
import { request } from "./mail.mjs";

const ANONYMOUS = { provider: "anonymous", providers: [] };
const fail = (status, error_code, msg) =>
  Response.json({ code: status, error_code, msg }, { status, headers: { "X-Sb-Error-Code": error_code } });
const NO_USER = () => fail(404, "user_not_found", "User not found");

export class Auth {
  constructor({ lite, tokens, flows, db, config }) {
    Object.assign(this, { lite, tokens, flows, db, config });
  }

  /** `call` is { method, url, headers, body }, the body parsed where it is JSON; its bearer token is already lite's. */
  async answer(call) {
    const path = call.url.pathname.slice("/auth/v1".length);
    if (path === "/.well-known/jwks.json") return Response.json(this.tokens.jwks);
    if (path === "/settings") return this.#settings(call);
    if (path.startsWith("/admin/users/")) return this.#admin(call, path.split("/").pop());
    if (path === "/signup" && call.method === "POST") {
      if (!call.body?.email && !call.body?.phone) return this.#anonymous(call);
      if (await this.#confirmed(call.body.email)) return this.#pretended(call.body);
    }
    if (path === "/verify" && call.method === "GET" && this.flows.isMarked(call.url.searchParams.get("token"))) return this.#followed(call);
    if (path === "/token" && this.flows.has(call.body?.auth_code)) return this.#redeemed(call.body);
    if (path === "/user" && call.method === "PUT") return this.#updated(call);
    if (path === "/otp" && call.body?.email) return this.#mailed(call);
    return this.#dressed(await this.#asked(call), this.#methodOf(call, path));
  }

  async #asked(call) {
    const body = call.body && { ...call.body };
    if (body?.type === "email") body.type = "magiclink";
    if (body?.token_hash) body.token_hash = this.flows.unmark(body.token_hash);
    const asked = call.url.searchParams.get("redirect_to");
    const context = { redirectTo: this.#allowed(asked) ? asked : null, challenge: body?.code_challenge };
    return request.run(context, () => this.lite({ ...call, body }));
  }

  /** A code for a new address: nobody has confirmed it before the code comes back. */
  async #mailed(call) {
    const [known] = await this.db`select from auth.users where email = ${call.body.email.toLowerCase()}`;
    const response = await this.#asked(call);
    if (response.ok && !known) {
      await this.db.begin(async (db) => {
        const [{ id }] = await db`update auth.users set email_confirmed_at = null where email = ${call.body.email.toLowerCase()} returning id`;
        await db`delete from auth.sessions where user_id = ${id}`;
      });
    }
    return this.#dressed(response);
  }

  /** lite's answer with the user's and the token's claims as hosted. */
  async #dressed(response, method) {
    if (response.status >= 500) return fail(500, "unexpected_failure", "Unexpected failure, please check server logs for more information");
    if (!response.headers.get("content-type")?.includes("json")) return response;
    const said = await response.json();
    const user = said.user ?? (said.aud ? said : null);
    if (user?.id) await this.#dress(user);
    if (said.access_token) said.access_token = await this.tokens.outside(said.access_token, said.user, method);
    const headers = new Headers(response.headers);
    headers.delete("content-length");
    return new Response(JSON.stringify(said), { status: response.status, headers });
  }

  async #dress(user) {
    const [row] = await this.db`
      update auth.users set is_anonymous = is_anonymous and email is null where id = ${user.id} returning is_anonymous, email`;
    user.is_anonymous = row?.is_anonymous ?? false;
    if (user.is_anonymous) Object.assign(user, { email: "", identities: [] });
  }

  #methodOf({ url }, path) {
    if (path === "/verify") return "otp";
    return { pkce: "oauth", anonymous: "anonymous" }[url.searchParams.get("grant_type")] ?? "password";
  }

  async #settings(call) {
    const said = await (await this.lite(call)).json();
    return Response.json({ ...said, external: { ...said.external, anonymous_users: true } });
  }

  async #anonymous(call) {
    const [user, session, token] = [randomUUID(), randomUUID(), randomUUID()];
    await this.db.begin(async (db) => {
      await db`insert into auth.users (id, aud, role, is_anonymous, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
        values (${user}, 'authenticated', 'authenticated', true, ${db.json(ANONYMOUS)}, ${db.json(call.body?.data ?? {})}, now(), now())`;
      await db`insert into auth.sessions (id, user_id) values (${session}, ${user})`;
      await db`insert into auth.refresh_tokens (id, token, user_id, session_id) values (${randomUUID()}, ${token}, ${user}, ${session})`;
    });
    const url = new URL("/auth/v1/token?grant_type=refresh_token", call.url);
    return this.#dressed(await this.lite({ ...call, url, body: { refresh_token: token } }), "anonymous");
  }

  async #confirmed(email) {
    return (await this.db`select from auth.users where email = ${email.toLowerCase()} and confirmed_at is not null`).length > 0;
  }

  /** Whoever signs up with a taken address learns nothing about it. */
  #pretended({ email, data }) {
    const now = new Date().toISOString();
    const app_metadata = { provider: "email", providers: ["email"] };
    return Response.json({
      id: randomUUID(), aud: "authenticated", role: "", email, phone: "", confirmation_sent_at: now, app_metadata,
      user_metadata: data ?? {}, identities: [], created_at: now, updated_at: now, is_anonymous: false,
    });
  }

  async #updated(call) {
    const current = await this.#dressed(await this.lite({ ...call, method: "GET", body: undefined }));
    if (!current.ok) return current;
    const { id, is_anonymous } = await current.json();
    if (is_anonymous && call.body?.password && !call.body.email) {
      return fail(422, "validation_failed", "Updating password of an anonymous user without an email or phone is not allowed");
    }
    const response = await this.#asked(call);
    if (response.ok && call.body?.password) {
      await this.db`delete from auth.sessions where user_id = ${id} and id <> ${call.session}`;
    }
    return this.#dressed(response);
  }

  async #followed(call) {
    const { searchParams } = call.url;
    const body = { type: searchParams.get("type"), token_hash: searchParams.get("token") };
    const verify = { ...call, method: "POST", url: new URL("/auth/v1/verify", call.url), body };
    const response = await this.#dressed(await this.#asked(verify), "otp");
    const said = await response.json();
    const asked = searchParams.get("redirect_to");
    const back = new URL(this.#allowed(asked) ? asked : this.config.auth.site_url);
    if (response.ok) back.searchParams.set("code", this.flows.code(searchParams.get("token"), said));
    else for (const [key, value] of [["error", "access_denied"], ["error_code", said.error_code], ["error_description", said.msg]]) back.searchParams.set(key, value);
    return Response.redirect(back, 303);
  }

  #redeemed({ auth_code, code_verifier }) {
    const session = this.flows.redeem(auth_code, code_verifier);
    return session ? Response.json(session) : fail(400, "bad_code_verifier", "code challenge does not match previously saved code verifier");
  }

  async #admin({ method, headers }, id) {
    if (headers.get("apikey") !== this.config.auth.secret_key) return fail(403, "not_admin", "User not allowed");
    if (!/^[0-9a-f-]{36}$/.test(id)) return fail(404, "validation_failed", "user_id must be an UUID");
    if (method === "DELETE") {
      const rows = await this.db`delete from auth.users where id = ${id} returning id`;
      return rows.length ? Response.json({}) : NO_USER();
    }
    if (method !== "GET") return fail(405, "not_implemented", "The test server only reads and deletes users");
    const [row] = await this.db`select * from auth.users where id = ${id}`;
    if (!row) return NO_USER();
    const { email, role, aud, is_anonymous, raw_app_meta_data, raw_user_meta_data, created_at, updated_at } = row;
    return Response.json({
      id, aud, role, email: email ?? "", phone: "", is_anonymous, app_metadata: raw_app_meta_data, user_metadata: raw_user_meta_data,
      identities: [], created_at, updated_at,
    });
  }

  #allowed(address) {
    if (!address || !URL.canParse(address)) return false;
    const { hostname } = new URL(address);
    return hostname === "127.0.0.1" || hostname === "localhost" || address.startsWith(this.config.auth.site_url);
  }
}
