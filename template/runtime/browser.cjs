// The headless browser: which one, started how, and ended without fail.
"use strict"

const fs = require("node:fs")
const { chromium } = require("playwright-core")

// The sandbox around it is the isolation: Chromium's own needs privileges the sandbox does not give.
const FLAGS = [
  "--no-sandbox",
  "--no-proxy-server",
  "--no-first-run",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-extensions",
  "--disable-sync",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-breakpad",
  "--metrics-recording-only",
  "--mute-audio",
  "--hide-scrollbars",
  "--force-color-profile=srgb",
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
]

function executable() {
  const candidates = [process.env.CODEFLOW_CHROMIUM, "/usr/lib/chromium/chromium", "/usr/bin/chromium", "/usr/bin/google-chrome"]
  const found = candidates.find((candidate) => candidate && fs.existsSync(candidate))
  if (!found) throw new Error("No Chromium in the sandbox: CODEFLOW_CHROMIUM names none that exists.")
  return found
}

async function startBrowser(timeoutMs) {
  const server = await chromium.launchServer({ executablePath: executable(), args: FLAGS, timeout: timeoutMs, handleSIGTERM: true })
  const browser = await chromium.connect(server.wsEndpoint(), { timeout: timeoutMs })
  return {
    newPage: () => browser.newPage({ viewport: { width: 1280, height: 800 }, serviceWorkers: "block" }),
    kill: () => server.process().kill("SIGKILL"),
  }
}

module.exports = { startBrowser }
