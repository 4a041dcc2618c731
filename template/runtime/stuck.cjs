// Whether the dev server is caught in an endless loop: prints `stuck`, or nothing.
//
//   node stuck.cjs   asks for a file nobody has
//
// A server that compiles answers other requests meanwhile, so one whose main thread worked for seconds without an answer never will. Told by
// processor time, because on a busy machine a healthy one may be slow.
"use strict"

const { statOf } = require("./processes.cjs")
const { serverPid } = require("./noticed.cjs")

const PROBE = "http://127.0.0.1:3000/_next/static/codeflow-probe"
const STUCK_CPU_S = 5
const LOOK_EVERY_MS = 100
const LIMIT_MS = 20_000

async function stuck() {
  const end = Date.now() + LIMIT_MS
  const server = serverPid()
  const worked = () => statOf(server, server)?.seconds ?? 0
  const before = worked()
  let open = true
  // One that refuses is down, which is another matter.
  fetch(PROBE).catch(() => {}).finally(() => (open = false))
  while (open && Date.now() < end && worked() - before < STUCK_CPU_S) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  return open
}

stuck().then((is) => {
  if (is) console.log("stuck")
  process.exit(0)
})
