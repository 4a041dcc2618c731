// What the kernel tells of processes: their state, and the processor time they used.
"use strict"

const fs = require("node:fs")

const TICKS_PER_S = 100

/** `{state, seconds}` of a process, or of one of its threads; null when it ended. */
function statOf(pid, thread) {
  const text = contentOf(thread === undefined ? `/proc/${pid}/stat` : `/proc/${pid}/task/${thread}/stat`)
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
  return { state: fields[0], seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S }
}

function threadsOf(pid) {
  try {
    return fs.readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function childrenOf(pid) {
  return (contentOf(`/proc/${pid}/task/${pid}/children`) ?? "").split(" ").filter(Boolean)
}

/** Ids of the processes whose command line holds `words`. */
function processesWith(words) {
  const pids = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => contentOf(`/proc/${pid}/cmdline`)?.includes(words))
}

/** A file's text; null when the process it tells of ended meanwhile. */
function contentOf(file) {
  try {
    return fs.readFileSync(file, "latin1")
  } catch {
    return null
  }
}

module.exports = { childrenOf, contentOf, processesWith, statOf, threadsOf }
