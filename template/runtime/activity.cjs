// Whether anything still moves on a page: requests, messages, errors.
"use strict"

const STREAMS = new Set(["websocket", "eventsource", "media", "ping"])

class Activity {
  constructor(page) {
    this.pending = new Set()
    this.last = Date.now()
    page.on("request", (request) => {
      this.touch()
      if (!STREAMS.has(request.resourceType())) this.pending.add(request)
    })
    for (const event of ["requestfinished", "requestfailed"]) {
      page.on(event, (request) => {
        this.touch()
        this.pending.delete(request)
      })
    }
    for (const event of ["console", "pageerror", "framenavigated"]) page.on(event, () => this.touch())
  }

  touch() {
    this.last = Date.now()
  }

  /** Resolves when nothing happened for `quietMs`, at the latest after `limitMs`. */
  async quiet(quietMs, limitMs) {
    const end = Date.now() + limitMs
    while (Date.now() < end) {
      if (this.pending.size === 0 && Date.now() - this.last >= quietMs) return
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}

module.exports = { Activity }
