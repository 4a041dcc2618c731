// Pretended GitHub and Google: the pages and endpoints GoTrue talks to, and one account that is signed in there, or none.
// None means that the person presses "Cancel".
import { Hono } from "hono";
import * as jose from "jose";

const GOOGLE = { token: "https://oauth2.googleapis.com/token", certs: "https://www.googleapis.com/oauth2/v3/certs" };

export async function providers(site) {
  const accounts = {};
  const codes = new Map();
  const { publicKey, privateKey } = await jose.generateKeyPair("RS256");
  const certs = { keys: [{ ...(await jose.exportJWK(publicKey)), kid: "google", alg: "RS256", use: "sig" }] };

  const consent = (provider) => (c) => {
    const { redirect_uri, state, client_id } = c.req.query();
    const back = new URL(redirect_uri);
    back.searchParams.set("state", state);
    if (accounts[provider]) {
      const code = crypto.randomUUID();
      codes.set(code, { ...accounts[provider], client_id });
      back.searchParams.set("code", code);
    } else {
      back.searchParams.set("error", "access_denied");
      back.searchParams.set("error_description", "The user has denied your application access.");
    }
    return c.redirect(back.toString());
  };
  const redeem = async (c) => {
    const code = (await c.req.parseBody()).code;
    const account = codes.get(code);
    codes.delete(code);
    return account;
  };
  const holder = (c) => tokens.get(c.req.header("authorization")?.replace(/^Bearer /, ""));
  const tokens = new Map();

  const app = new Hono().basePath("/providers");
  app.put("/:provider/account", async (c) => {
    accounts[c.req.param("provider")] = await c.req.json();
    return c.body(null, 204);
  });
  app.get("/github/login/oauth/authorize", consent("github"));
  app.post("/github/login/oauth/access_token", async (c) => {
    const account = await redeem(c);
    if (!account) return c.json({ error: "bad_verification_code" });
    const access_token = crypto.randomUUID();
    tokens.set(access_token, account);
    return c.json({ access_token, token_type: "bearer", scope: "user:email" });
  });
  app.get("/github/api/v3/user", (c) => {
    const { id, login, name } = holder(c);
    return c.json({ id: Number(id), login, name, avatar_url: `${site}/avatar.png` });
  });
  app.get("/github/api/v3/user/emails", (c) => {
    const { email, verified } = holder(c);
    return c.json([{ email, verified, primary: true }]);
  });
  app.get("/google/authorize", consent("google"));
  app.post("/google/token", async (c) => {
    const account = await redeem(c);
    if (!account) return c.json({ error: "invalid_grant" }, 400);
    const id_token = await new jose.SignJWT({ email: account.email, email_verified: account.verified, name: account.name })
      .setProtectedHeader({ alg: "RS256", kid: "google" })
      .setIssuer("https://accounts.google.com")
      .setAudience(account.client_id)
      .setSubject(account.id)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(privateKey);
    return c.json({ access_token: crypto.randomUUID(), id_token, token_type: "Bearer", expires_in: 3600 });
  });
  app.get("/google/certs", (c) => c.json(certs));

  // lite has Google's addresses built in.
  const fetched = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const address = String(input?.url ?? input);
    if (address === GOOGLE.token) return fetched(`${site}/providers/google/token`, init);
    if (address === GOOGLE.certs) return fetched(`${site}/providers/google/certs`, init);
    return fetched(input, init);
  };
  return app;
}

export const googleConsent = (location, site) =>
  location?.replace(/^https:\/\/accounts\.google\.com\/o\/oauth2\/v2\/auth/, `${site}/providers/google/authorize`);
