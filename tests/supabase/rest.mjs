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
    if (!/^[0-9A-Z]{5}$/.test(found?.code ?? "") || KNOWN.test(found.code)) return found;
    const { code, message, detail = null, hint = null } = found;
    const status = STATUS.find(([states]) => states.test(code))?.[1] ?? 400;
    return Object.assign(new Error(JSON.stringify({ code, message, details: detail, hint })), {
      code: "PGRST",
      detail: JSON.stringify({ status, headers: {} }),
    });
  };
  return connection;
}
