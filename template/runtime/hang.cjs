// Where a page that never ends is stuck: opened again with a debugger attached, and paused in the middle of its loop.
"use strict"

const OPEN_MS = 6000
const LOOPING_MS = 2000
const PAUSE_MS = 2000

/** A stack as an Error would print it; empty when the page could not be paused. */
async function stuckAt(browser, url) {
  const page = await browser.newPage()
  const debug = await page.context().newCDPSession(page)
  await debug.send("Debugger.enable")
  const paused = new Promise((resolve) => debug.once("Debugger.paused", resolve))
  await page.goto(url, { waitUntil: "commit", timeout: OPEN_MS })
  await pause(LOOPING_MS)
  // Neither answers while the page is stuck.
  debug.send("Debugger.pause").catch(() => {})
  const event = await Promise.race([paused, pause(PAUSE_MS)])
  page.close().catch(() => {})
  return (event?.callFrames ?? []).map(asLine).join("\n")
}

function asLine({ functionName, url, location }) {
  return `    at ${functionName || "<anonymous>"} (${url}:${location.lineNumber + 1}:${location.columnNumber + 1})`
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

module.exports = { stuckAt }
