// Which pages were pressed through without an error, and what they were made of then.
"use strict"

const { createHash, randomUUID } = require("node:crypto")
const fs = require("node:fs")
const path = require("node:path")

const VARIABLES = ".env.local"

class Pressed {
  /** `digests`: by route, of the files its page is made of now. `afresh`: nothing that was noted before counts. */
  constructor(state, digests, afresh) {
    this.file = path.join(state, "pressed.json")
    this.turn = path.join(state, "pressing")
    this.name = randomUUID()
    fs.writeFileSync(this.turn, this.name)
    const variables = createHash("sha256").update(contentOf(VARIABLES)).digest("hex")
    this.digests = Object.fromEntries(Object.entries(digests).map(([route, digest]) => [route, `${digest} ${variables}`]))
    this.kept = afresh ? {} : parsed(contentOf(this.file))
  }

  before(route) {
    return route in this.digests && this.kept[route] === this.digests[route]
  }

  note(route, fine) {
    if (fine && route in this.digests) this.kept[route] = this.digests[route]
    else delete this.kept[route]
    // A check that was given up may still go on: only the last one begun has a say.
    if (String(contentOf(this.turn)) !== this.name) return
    fs.writeFileSync(`${this.file}.new`, JSON.stringify(this.kept))
    fs.renameSync(`${this.file}.new`, this.file)
  }
}

function contentOf(file) {
  try {
    return fs.readFileSync(file)
  } catch {
    return ""
  }
}

function parsed(text) {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

module.exports = { Pressed }
