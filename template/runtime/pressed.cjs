// Which pages were pressed through without an error, and what they were made of then.
"use strict"

const { createHash } = require("node:crypto")
const fs = require("node:fs")
const path = require("node:path")

const VARIABLES = ".env.local"

class Pressed {
  /** `digests`: by route, of the files its page is made of now. */
  constructor(state, digests) {
    this.file = path.join(state, "pressed.json")
    const variables = createHash("sha256").update(contentOf(VARIABLES)).digest("hex")
    this.digests = Object.fromEntries(Object.entries(digests).map(([route, digest]) => [route, `${digest} ${variables}`]))
    try {
      this.kept = JSON.parse(fs.readFileSync(this.file, "utf8"))
    } catch {
      this.kept = {}
    }
  }

  before(route) {
    return route in this.digests && this.kept[route] === this.digests[route]
  }

  note(route) {
    if (!(route in this.digests)) return
    this.kept[route] = this.digests[route]
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

module.exports = { Pressed }
