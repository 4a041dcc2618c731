// Waiting for a page without mistaking a busy machine for an endless loop: a page is stuck when its process has worked for seconds without answering.
"use strict"

const fs = require("node:fs")

const STUCK_CPU_S = 5
const LOOK_EVERY_MS = 250
const TICKS_PER_S = 100

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
  const seconds = new Map()
  for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("--type=renderer")) continue
      const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1")
      const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13)
      seconds.set(pid, (Number(user) + Number(system)) / TICKS_PER_S)
    } catch {
      // It ended meanwhile.
    }
  }
  return seconds
}

module.exports = { Late, unlessStuck, within }
