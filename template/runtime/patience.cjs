// Waiting for a page without mistaking a busy machine for an endless loop: a page is stuck when its process has worked for seconds without answering.
"use strict"

const { processesWith, statOf } = require("./processes.cjs")

const STUCK_CPU_S = 5
const LOOK_EVERY_MS = 250

class Late extends Error {}

/** The promise's value; `Late` after `ms`. */
function within(promise, ms) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Late()), Math.max(1, ms))
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** The promise's value; `Late` when meanwhile some page's process used `STUCK_CPU_S` of processor time, or after `ms`. */
async function unlessStuck(promise, ms) {
  const before = rendererSeconds()
  let watch
  const stuck = new Promise((_, reject) => {
    watch = setInterval(() => {
      const busiest = Math.max(0, ...[...rendererSeconds()].map(([pid, now]) => now - (before.get(pid) ?? 0)))
      if (busiest >= STUCK_CPU_S) reject(new Late())
    }, LOOK_EVERY_MS)
  })
  return within(Promise.race([promise, stuck]), ms).finally(() => clearInterval(watch))
}

/** Processor seconds of each process that draws pages, by process id. */
function rendererSeconds() {
  return new Map(processesWith("--type=renderer").map((pid) => [pid, statOf(pid)?.seconds ?? 0]))
}

module.exports = { Late, unlessStuck, within }
