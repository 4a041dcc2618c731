// Presses what looks pressable, for the errors only a handler throws.
"use strict"

const PRESSABLE = "button, [role=button], [role=tab], [role=switch], [role=checkbox], summary"
const AT_MOST = 15
const PAUSE_MS = 30

async function clickAround(page, url, findings) {
  await page.evaluate(press, { selector: PRESSABLE, atMost: AT_MOST, pauseMs: PAUSE_MS }).catch((error) => {
    // A click that leaves the page ends the script with it.
    if (!/context was destroyed|navigation/i.test(error.message)) findings.add(error.message)
  })
}

async function press({ selector, atMost, pauseMs }) {
  const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs))
  const candidates = [...document.querySelectorAll(selector)].filter(
    (element) => element.checkVisibility() && !element.closest("nextjs-portal, form") && !element.disabled,
  )
  for (const element of candidates.slice(0, atMost)) {
    if (!element.isConnected) continue
    element.click()
    await pause()
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }))
  }
  await pause()
}

module.exports = { clickAround }
