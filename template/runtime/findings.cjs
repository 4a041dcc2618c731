// What went wrong on a page, each thing once.
"use strict"

const LIMIT = 20
const MESSAGE_LIMIT = 2000
const CHATTER = /^\[(HMR|Fast Refresh)\]|Download the React DevTools|^Failed to load resource/

class Findings {
  constructor(route, origin) {
    this.route = route
    this.origin = origin
    this.list = []
    this.seen = new Map()
  }

  get empty() {
    return this.list.length === 0
  }

  watch(page) {
    page.on("pageerror", (error) => this.add(error.message || String(error), { stack: error.stack }))
    page.on("console", (message) => {
      if (message.type() === "error" && !CHATTER.test(message.text())) this.add(message.text(), { stack: message.text() })
    })
    page.on("crash", () => this.add("The page crashed: it ran out of memory."))
    page.on("response", (response) => this.answered(page, response))
    page.on("requestfailed", (request) => this.failed(request))
  }

  /** `press`: what was pressed when it happened. `place`: `{file, line}`, where that is known already. */
  add(message, { stack = "", press = "", place = null } = {}) {
    const text = message.replace(/\u001b\[[\d;]*m|%[sdoc]/g, "").trim().slice(0, MESSAGE_LIMIT)
    const key = text.replace(/^(Uncaught |Error: )+/, "").slice(0, 120)
    const known = this.seen.get(key)
    if (known) known.press ||= press
    if (!text || known || this.list.length >= LIMIT) return
    const finding = { message: text, stack, press, place }
    this.seen.set(key, finding)
    this.list.push(finding)
  }

  answered(page, response) {
    const status = response.status()
    if (status < 500 && status !== 404) return
    const request = response.request()
    const url = new URL(response.url())
    if (url.origin !== this.origin || url.pathname === "/favicon.ico") return
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) {
      if (status === 404) this.add(`GET ${this.route} answered 404: there is no such page`)
      return
    }
    const remote = url.pathname === "/_next/image" ? ` (${url.searchParams.get("url")})` : ""
    this.add(`${request.method()} ${url.pathname}${remote} answered ${status}`)
  }

  failed(request) {
    const reason = request.failure()?.errorText ?? ""
    const url = new URL(request.url())
    if (url.origin === this.origin && !/ERR_ABORTED|BLOCKED_BY/.test(reason)) {
      this.add(`${request.method()} ${url.pathname} failed: ${reason}`)
    }
  }

  /** Next's own error dialog, for what reached neither the console nor the page. */
  overlay(text) {
    if (this.empty) this.add(text)
  }
}

module.exports = { Findings }
