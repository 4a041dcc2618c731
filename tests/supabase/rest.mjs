// PostgREST's answers where lite's differ: times in RFC 3339, jsonb arguments encoded once, an SQL state with its own status.

const json = (oid) => ({
  to: oid,
  from: [oid],
  serialize: (value) => (typeof value === "string" ? value : JSON.stringify(value)),
  parse: (text) => JSON.parse(text),
});

export const types = {
  json: json(114),
  jsonb: json(3802),
  timestamptz: { to: 1184, from: [1184], serialize: (value) => value, parse: (text) => text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00") },
};

// The states lite answers itself, by class or in full.
const KNOWN = /^(PT...|PGRST|42...|22...|21...|53...|55...|23502|23503|23505|25006)$/;
const STATUS = [[/^P0001$/, 400], [/^23/, 400], [/^54/, 500], [/^(08|57)/, 503], [/^(09|25|2D|38|39|3B|40|58|F0|HV|P0|XX)/, 500], [/^(0L|0P|28)/, 403]];

// Node's and the driver's words for a database that is not there.
const UNREACHABLE = /^(ECONN[A-Z]+|EPIPE|CONNECT(ION)?_[A-Z]+)$/;

const NO_DATABASE = { code: "PGRST001", message: "Database client error. Retrying the connection.", details: null, hint: null };

/** lite looks the user up before anything else, and a failure there has no body; PostgREST needs no such look. */
export const reached = (response) =>
  response.status === 500 && !response.headers.get("content-type")?.includes("json") ? Response.json(NO_DATABASE, { status: 503 }) : response;

/** lite answers an error of this form with the status and the body in it. */
const said = (status, body) =>
  Object.assign(new Error(JSON.stringify(body)), { code: "PGRST", detail: JSON.stringify({ status, headers: {} }) });

/**
 * The role that requests come in as owns nothing and sees no table, so `catalog` looks for lite, as PostgREST looks past privileges.
 * Other SQL states than lite knows are answered as PostgREST answers them, not with lite's catch-all.
 */
export function postgrest(connection, catalog) {
  // "unknown" makes lite grant everything on every table to everybody, once, before it looks.
  connection.rlsState = "active";
  connection.introspect = (options) => catalog.introspect(options);
  connection.clearSchemaCache = () => catalog.clearSchemaCache();
  const normalized = connection.normalizeDbError.bind(connection);
  connection.normalizeDbError = (error) => {
    const found = normalized(error);
    const { code = "", message, detail = null, hint = null } = found ?? {};
    if (UNREACHABLE.test(code)) return said(503, { ...NO_DATABASE, details: message });
    if (!/^[0-9A-Z]{5}$/.test(code) || KNOWN.test(code)) return found;
    const status = STATUS.find(([states]) => states.test(code))?.[1] ?? 400;
    return said(status, { code, message, details: detail, hint });
  };
  return connection;
}
