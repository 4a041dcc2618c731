// Opens routes of the running app in a headless browser and says what went wrong.
//
// stdin:  {"baseUrl": "http://127.0.0.1:3000", "routes": ["/"], "screenshot": true, "clicks": true, "timeoutMs": 30000}
// stdout: {"routes": [{"route", "status", "title", "ms", "errors": [{"message", "file", "line"}]}], "screenshot": path | null}
//         or {"error": "..."} with exit status 1 when no browser could be started
//
// Ends within timeoutMs whatever the app does; a route not done by then says so.
"use strict"

const fs = require("node:fs")
const path = require("node:path")
const { startBrowser } = require("./browser.cjs")
const { noticed } = require("./noticed.cjs")
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
    errors: [{ message: `${route} was not opened within ${timeoutMs / 1000} s`, file: null, line: null }],
  }))
  const screenshot = request.screenshot ? path.join(STATE, "screenshot.jpg") : null
  if (screenshot) {
    fs.mkdirSync(STATE, { recursive: true })
    fs.rmSync(screenshot, { force: true })
  }

  const end = () => {
    browser?.kill()
    finish({ routes: reports, screenshot: screenshot && fs.existsSync(screenshot) ? screenshot : null }, 0)
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

  const waiting = routes.map((route, index) => ({ route, index }))
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      reports[next.index] = await visit(browser, {
        baseUrl: request.baseUrl ?? "http://127.0.0.1:3000",
        route: next.route,
        screenshot: next.index === 0 ? screenshot : null,
        clicks: request.clicks ?? false,
        deadline,
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, routes.length) }, work))
  end()
}

check(JSON.parse(fs.readFileSync(0, "utf8")))
