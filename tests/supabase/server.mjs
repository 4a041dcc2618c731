// A Supabase project for tests: Supabase's own lite server (GoTrue and PostgREST protocols) on a real Postgres.
// README.md says what is lite's and what is put right here. Lines on standard input move it on; its end ends this process and Postgres.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { App, getAuthSchemaSql } from "@supabase/lite";
import { createPostgresConnection } from "@supabase/lite/postgres";
import postgres from "postgres";
import { Auth } from "./auth.mjs";
import { Flows } from "./flows.mjs";
import { Mailbox } from "./mail.mjs";
import { googleConsent, providers } from "./providers.mjs";
import { postgrest, reached, types } from "./rest.mjs";
import { Tokens } from "./tokens.mjs";

const settings = JSON.parse(process.env.CODEFLOW_SUPABASE);
const site = `http://127.0.0.1:${settings.port}`;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function schema() {
  const db = postgres(settings.database.supabase_admin, { max: 1, onnotice() {} });
  await db.unsafe(getAuthSchemaSql());
  await db.end();
}

async function project() {
  const tokens = await Tokens.create(settings.jwk, `${site}/auth/v1`);
  const flows = new Flows();
  const mailbox = new Mailbox(settings.mailbox, site, flows);
  const provider = (name) => ({ enabled: true, client_id: name, secret: name, redirect_uri: `${site}/auth/v1/callback` });
  const connect = (url, max) => createPostgresConnection({ url, postgresOptions: { max, onnotice() {}, types } });
  const app = new App({
    connection: postgrest(connect(settings.database.authenticator, 10), connect(settings.database.supabase_admin, 1)),
    auth: {
      enabled: true,
      site_url: settings.site_url,
      additional_redirect_urls: ["http://127.0.0.1:*/**", "http://localhost:*/**"],
      jwt_secret: tokens.secret,
      jwt_expiry: 3600,
      enable_signup: true,
      enable_refresh_token_rotation: true,
      minimum_password_length: settings.config.minimum_password_length ?? 6,
      publishable_key: settings.publishable_key,
      secret_key: settings.secret_key,
      email: { enable_confirmations: true, template: await mailbox.templates(settings.templates, settings.config.email?.template) },
      external: { github: { ...provider("github"), url: `${site}/providers/github` }, google: provider("google") },
    },
    options: { server: { admin: false }, drivers: { email: mailbox } },
  });
  const db = postgres(settings.database.supabase_auth_admin, { max: 2, onnotice() {} });
  const pretended = await providers(site);

  const lite = (peer) => async ({ method, url, headers, body }) => {
    const sent = new Headers(headers);
    sent.delete("content-length");
    const text = typeof body === "object" && body !== null ? JSON.stringify(body) : body;
    return app.fetch(new Request(url, { method, headers: sent, body: text }), { peerAddress: peer });
  };

  return async (incoming, peer) => {
    const url = new URL(incoming.url);
    if (url.pathname === "/harness/site_url") {
      app.config.auth.site_url = await incoming.text();
      return new Response(null, { status: 204 });
    }
    if (url.pathname === "/harness/schema") {
      await app.connection.clearSchemaCache();
      return new Response(null, { status: 204 });
    }
    if (url.pathname.startsWith("/providers/")) return pretended.fetch(incoming);
    const headers = new Headers(incoming.headers);
    const bearer = headers.get("authorization")?.replace(/^bearer /i, "");
    let session = null;
    if (bearer?.startsWith("ey")) {
      headers.set("authorization", `Bearer ${await tokens.inside(bearer)}`);
      session = tokens.session(bearer);
    }
    const text = ["GET", "HEAD"].includes(incoming.method) ? undefined : await incoming.text();
    const call = { method: incoming.method, url, headers, body: text, session };
    if (!url.pathname.startsWith("/auth/v1/")) return reached(await lite(peer)(call));
    if (text?.startsWith("{")) call.body = JSON.parse(text);
    const auth = new Auth({ lite: lite(peer), tokens, flows, db, config: app.config });
    const response = await auth.answer(call);
    const consent = googleConsent(response.headers.get("location"), site);
    if (!consent) return response;
    return new Response(null, { status: response.status, headers: { location: consent } });
  };
}

const steps = {
  schema,
  async serve() {
    const handle = await project();
    const fetch = (incoming, env) =>
      handle(incoming, env.incoming.socket.remoteAddress ?? null).catch((error) => {
        console.error(error);
        return Response.json({ code: 500, error_code: "unexpected_failure", msg: "Unexpected failure" }, { status: 500 });
      });
    await new Promise((listening) => serve({ port: settings.port, hostname: "127.0.0.1", fetch }, listening));
  },
};

for await (const step of lines) {
  await steps[step]();
  console.log(`${step} done`);
}

// The test session is gone: so are its database, which removes its pid file last, and its files.
const pid = `${settings.postgres}/data/postmaster.pid`;
if (existsSync(pid)) {
  process.kill(Number(readFileSync(pid, "utf8").split("\n")[0]), "SIGINT");
  for (let tries = 0; existsSync(pid) && tries < 200; tries++) await sleep(50);
}
rmSync(settings.postgres, { recursive: true, force: true });
process.exit();
