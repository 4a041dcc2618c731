// Waits until the dev server has noticed every file written before; until then it may answer with an older state of the project.
//
//   node noticed.cjs   ends when it has, or when waiting is of no use: no server runs, or one that never rests
//
// A write wakes the threads that watch before it returns, and a woken thread is runnable until its work is done, however long it waits for its
// turn on a busy machine. So a server all of whose threads sleep, for longer than its watchers gather events, knows the project as it is.
"use strict"

const path = require("node:path")
const { childrenOf, contentOf, statOf, threadsOf } = require("./processes.cjs")

const PID_FILE = path.join(process.env.CODEFLOW_STATE ?? "/tmp/codeflow", "dev.pid")
const LOOK_EVERY_MS = 8
const ASLEEP_MS = 50
const RESTLESS_CPU_S = 1.5
const ABSENT_MS = 1000
const LIMIT_MS = 10_000

async function noticed(limitMs = LIMIT_MS) {
  const end = Date.now() + Math.min(limitMs, LIMIT_MS)
  let since = Date.now()
  let known
  let before = 0
  while (Date.now() < end) {
    const server = serverPid()
    const seconds = statOf(server)?.seconds ?? 0
    if (server !== known) {
      known = server
      before = seconds
      since = Date.now()
    }
    if (seconds - before >= RESTLESS_CPU_S) return
    if (server !== undefined && !asleep(server)) since = Date.now()
    if (Date.now() - since >= (server === undefined ? ABSENT_MS : ASLEEP_MS)) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

/** The supervisor's one child. */
function serverPid() {
  const supervisor = contentOf(PID_FILE)?.trim()
  return supervisor ? childrenOf(supervisor)[0] : undefined
}

function asleep(pid) {
  return threadsOf(pid).every((thread) => (statOf(pid, thread)?.state ?? "S") === "S")
}

module.exports = { noticed, serverPid }

if (require.main === module) noticed()
