// One route, opened as a person would: served, hydrated, quiet, looked at, photographed, clicked.
"use strict"

const { Findings } = require("./findings.cjs")
const { Activity } = require("./activity.cjs")
const { clickAround } = require("./clicks.cjs")
const { stuckAt } = require("./hang.cjs")
const { lookAt } = require("./looks.cjs")
const { Restless, countMoves, onceItStays, untilItStays } = require("./moves.cjs")
const { Late, unlessStuck, within } = require("./patience.cjs")
const { located } = require("./sources.cjs")

const ANSWER_MS = 60_000
const HYDRATION_MS = 15_000
const QUIET_MS = 250
const RESTLESS_MS = 2500
const LAST_WORD_MS = 1000
const DESKTOP = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }
const PHOTO = { type: "jpeg", quality: 80, animations: "disabled", caret: "initial", timeout: 0 }

async function visit(browser, { baseUrl, route, photos, clicks, spared, links, deadline }) {
  const started = Date.now()
  const url = new URL(route, baseUrl).href
  const findings = new Findings(route, new URL(baseUrl).origin)
  const report = { route, status: 0, title: "", ms: 0, spared, errors: [] }
  const left = (ms) => Math.min(ms, deadline - LAST_WORD_MS - Date.now())
  let page
  try {
    page = await within(browser.newPage(), left(30_000))
    findings.watch(page)
    const activity = new Activity(page)
    const moves = countMoves(page)
    report.status = await open(page, url, findings, left(60_000))
    if (report.status > 0) {
      await hydrated(page, left(HYDRATION_MS), left(ANSWER_MS), () => findings.empty)
      await untilItStays(moves, () => activity.quiet(QUIET_MS, left(RESTLESS_MS)))
      report.title = await onceItStays(() => unlessStuck(page.title(), left(ANSWER_MS)))
      const patiently = (look) => onceItStays(() => unlessStuck(look(), left(ANSWER_MS)))
      if (findings.empty) for (const problem of await patiently(() => lookAt(page))) findings.add(problem)
      if (photos) {
        await patiently(() => page.screenshot({ ...PHOTO, path: photos.desktop }))
        await page.setViewportSize(PHONE)
        await activity.quiet(QUIET_MS / 2, left(RESTLESS_MS))
        await patiently(() => page.screenshot({ ...PHOTO, path: photos.phone }))
        await page.setViewportSize(DESKTOP)
      }
      if (clicks && findings.empty) {
        for (const { message, press, ...place } of await patiently(() => links.dead(page))) findings.add(message, { press, place })
        const thrown = spared ? [] : await unlessStuck(clickAround(page), left(ANSWER_MS))
        if (!spared) await activity.quiet(QUIET_MS, left(RESTLESS_MS))
        for (const { message, stack, press } of thrown) findings.add(message, { stack, press })
      }
      findings.overlay(await onceItStays(() => unlessStuck(page.evaluate(overlayText), left(ANSWER_MS))))
    }
  } catch (error) {
    if (error instanceof Late) {
      const stack = await within(stuckAt(browser, url), left(12_000)).catch(() => "")
      findings.add("The page stopped responding: an endless loop, or a render that never ends.", { stack })
    } else if (error instanceof Restless) {
      findings.add(error.message)
    } else {
      findings.add(`The page could not be opened: ${error.message}`)
    }
  }
  report.errors = await located(findings.list, baseUrl)
  report.ms = Date.now() - started
  page?.close().catch(() => {})
  return report
}

/** The HTTP status, or 0 when the server never answered. */
async function open(page, url, findings, timeoutMs) {
  try {
    const response = await page.goto(url, { waitUntil: "commit", timeout: timeoutMs })
    return response?.status() ?? 0
  } catch (error) {
    if (error.name !== "TimeoutError") throw error
    findings.add(`The server did not answer within ${Math.round(timeoutMs / 1000)} s: its render hangs or never ends.`)
    return 0
  }
}

/** Errors of hydration and effects come after the load: wait until React took over, or something already went wrong. */
async function hydrated(page, limitMs, answerMs, fine) {
  const end = Date.now() + limitMs
  while (Date.now() < end && fine()) {
    if (await onceItStays(() => unlessStuck(page.evaluate(reactTookOver), answerMs))) return
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

function reactTookOver() {
  return (
    document.readyState === "complete" &&
    [...document.querySelectorAll("body *")].slice(0, 50).some((element) => Object.keys(element).some((key) => key.startsWith("__reactFiber$")))
  )
}

function overlayText() {
  const dialog = document.querySelector("nextjs-portal")?.shadowRoot?.querySelector("[data-nextjs-dialog]")
  return dialog ? (dialog.querySelector("#nextjs__container_errors_desc")?.textContent ?? dialog.textContent) : ""
}

module.exports = { visit }
