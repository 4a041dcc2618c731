// A page may be replaced while it is looked at: hot reload does it, and so does an app that leads elsewhere.
"use strict"

const MOVED = /context was destroyed|Cannot find context|Not attached to an active page|frame (was|got) detached|because of a navigation/i
const AT_MOST = 5
const PAUSE_MS = 200

class Restless extends Error {
  constructor() {
    super("The page keeps reloading itself, or leads from one address to the next without end.")
  }
}

/** How often the page was replaced since. */
function countMoves(page) {
  let moves = -1
  // Not "framenavigated": an app may write into its address as often as it likes.
  page.on("domcontentloaded", () => moves++)
  return () => moves
}

/** Wait with `quiet` for as long as the page is replaced meanwhile; `Restless` when that does not end. */
async function untilItStays(moves, quiet) {
  for (let before; before !== moves(); ) {
    if (moves() > AT_MOST) throw new Restless()
    before = moves()
    await quiet()
  }
}

/** What `look` gives once the page stays; `Restless` when it never does. */
async function onceItStays(look) {
  for (let moves = 0; ; moves++) {
    try {
      return await look()
    } catch (error) {
      if (!MOVED.test(error.message)) throw error
      if (moves === AT_MOST) throw new Restless()
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

module.exports = { Restless, countMoves, onceItStays, untilItStays }
