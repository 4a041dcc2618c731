// Opens routes of the running app in a headless browser and says what went wrong.
//
// stdin:  {"baseUrl": "http://127.0.0.1:3000", "routes": ["/"], "digests": {"/": "…"}, "afresh": false, "photos": true, "clicks": true, "timeoutMs": 30000}
// stdout: {"routes": [{"route", "status", "title", "ms", "spared", "errors": [{"message", "press", "file", "line"}]}], "photos": {"desktop": path, "phone": path} | null}
//         or {"error": "..."} with exit status 1 when no browser could be started
//
// Ends within timeoutMs whatever the app does; a route not done by then says so. A page is spared being pressed when that
// went well before and its digest is the same, unless all is looked at afresh.
"use strict"

const fs = require("node:fs")
const path = require("node:path")
const { startBrowser } = require("./browser.cjs")
const { Links } = require("./links.cjs")
const { noticed } = require("./noticed.cjs")
const { Pressed } = require("./pressed.cjs")
const { visit } = require("./visit.cjs")

const STATE = process.env.CODEFLOW_STATE ?? "/tmp/codeflow"
const AT_ONCE = 3
const MARGIN_MS = 300

function finish(report, exitCode) {
  fs.writeSync(1, `${JSON.stringify(report)}\n`)
  process.exit(exitCode)
}

async function check(request) {
  const timeoutMs = request.timeoutMs ?? 30_000
  const deadline = Date.now() + timeoutMs - MARGIN_MS
  const routes = request.routes ?? ["/"]
  const reports = routes.map((route) => ({
    route,
    status: 0,
    title: "",
    ms: 0,
    spared: false,
    errors: [{ message: `${route} was not opened within ${timeoutMs / 1000} s`, press: "", file: null, line: null }],
  }))
  const photos = request.photos ? { desktop: path.join(STATE, "desktop.jpg"), phone: path.join(STATE, "phone.jpg") } : null
  fs.mkdirSync(STATE, { recursive: true })
  for (const photo of Object.values(photos ?? {})) fs.rmSync(photo, { force: true })
  const taken = () => photos && Object.values(photos).every((photo) => fs.existsSync(photo))

  const end = () => {
    browser?.kill()
    finish({ routes: reports, photos: taken() ? photos : null }, 0)
  }
  let browser
  setTimeout(end, timeoutMs - MARGIN_MS)
  const rested = noticed(timeoutMs / 4)
  try {
    browser = await startBrowser(Math.max(1000, deadline - Date.now()))
  } catch (error) {
    finish({ error: error.message }, 1)
  }
  await rested

  const baseUrl = request.baseUrl ?? "http://127.0.0.1:3000"
  const links = new Links(baseUrl)
  const pressed = new Pressed(STATE, request.digests ?? {}, request.afresh ?? false)
  const waiting = routes.map((route, index) => ({ route, index }))
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      reports[next.index] = await visit(browser, {
        baseUrl,
        links,
        route: next.route,
        photos: next.index === 0 ? photos : null,
        clicks: request.clicks ?? false,
        spared: pressed.before(next.route),
        deadline,
      })
      if (request.clicks) pressed.note(next.route, reports[next.index].errors.length === 0)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, routes.length) }, work))
  end()
}

check(JSON.parse(fs.readFileSync(0, "utf8")))
