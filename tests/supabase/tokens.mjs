// Hosted projects sign ES256 tokens, publish their key, and put more claims in; lite knows HS256 and few claims.
// So tokens are ES256 outside, and re-signed for lite at the door.
import * as jose from "jose";

export class Tokens {
  #methods = new Map();

  static async create(jwk, issuer) {
    const tokens = new Tokens();
    const { d, ...open } = jwk;
    tokens.issuer = issuer;
    tokens.jwks = { keys: [{ ...open, use: "sig", key_ops: ["verify"], ext: true }] };
    tokens.privateKey = await jose.importJWK(jwk, "ES256");
    tokens.publicKey = await jose.importJWK(open, "ES256");
    tokens.secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
    return tokens;
  }

  /** What the token says, signed for lite; an expired one stays expired, a foreign one stays foreign. */
  async inside(token) {
    try {
      const { payload } = await jose.jwtVerify(token, this.publicKey, { algorithms: ["ES256"] });
      return await this.#sign(payload);
    } catch (error) {
      return error instanceof jose.errors.JWTExpired ? this.#sign(error.payload) : token;
    }
  }

  /** The session a token names, whoever signed it. */
  session(token) {
    try {
      return jose.decodeJwt(token).session_id ?? null;
    } catch (error) {
      if (error instanceof jose.errors.JWTInvalid) return null;
      throw error;
    }
  }

  /** A token as the hosted service would give it, from lite's. */
  outside(token, user, method) {
    const claims = jose.decodeJwt(token);
    const amr = this.#methods.get(claims.session_id) ?? [{ method, timestamp: claims.iat }];
    this.#methods.set(claims.session_id, amr);
    return this.issue({ ...claims, ...identity(user), amr });
  }

  issue(claims) {
    return new jose.SignJWT({ iss: this.issuer, aal: "aal1", ...claims })
      .setProtectedHeader({ alg: "ES256", kid: this.jwks.keys[0].kid, typ: "JWT" })
      .sign(this.privateKey);
  }

  #sign(claims) {
    return new jose.SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .sign(new TextEncoder().encode(this.secret));
  }
}

export function identity(user) {
  return {
    email: user.email ?? "",
    phone: user.phone ?? "",
    app_metadata: user.app_metadata ?? {},
    user_metadata: user.user_metadata ?? {},
    is_anonymous: user.is_anonymous ?? false,
  };
}
