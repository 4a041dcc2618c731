// Presses what can be pressed, for the errors only a handler throws, and says which press it was.
"use strict"

const PRESSABLE = "button, [role=button], [role=tab], [role=switch], [role=checkbox], [role=menuitem], [role=option], summary"
const OPENED = "[role=dialog], [role=alertdialog], [role=menu], [role=listbox]"
const BOUNDS = { atMost: 40, innerAtMost: 8, pauseMs: 30, totalMs: 6000 }

/** Errors as `{message, stack, press}`, each thing pressed once; `press` is what a person would call it. */
async function clickAround(page) {
  await page.evaluate(listen)
  try {
    await page.evaluate(pressAll, { pressable: PRESSABLE, overlays: OPENED, ...BOUNDS })
  } catch (error) {
    // A click that leaves the page ends the script with it.
    if (!/context was destroyed|navigation|Target closed/i.test(error.message)) return [{ message: error.message, stack: "", press: "" }]
  }
  return page.evaluate(() => window.__codeflowPressed?.thrown ?? []).catch(() => [])
}

/** Remembers in the page which press was under way when something was thrown: the page's own events come too late to ask. */
function listen() {
  const pressed = { name: "", thrown: [] }
  window.__codeflowPressed = pressed
  const note = (thrown) => {
    if (pressed.name) pressed.thrown.push({ message: String(thrown?.message ?? thrown), stack: String(thrown?.stack ?? ""), press: pressed.name })
  }
  addEventListener("error", (event) => note(event.error ?? event.message), true)
  addEventListener("unhandledrejection", (event) => note(event.reason), true)
}

async function pressAll({ pressable, overlays, atMost, innerAtMost, pauseMs, totalMs }) {
  const end = Date.now() + totalMs
  const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs))
  const tried = new Set()

  const nameOf = (element) => {
    const label = element.getAttribute("aria-label") ?? element.innerText ?? ""
    return label.replace(/\s+/g, " ").trim().slice(0, 60) || element.getAttribute("title") || `the ${element.tagName.toLowerCase()}`
  }
  const candidates = (within) =>
    [...within.querySelectorAll(pressable)].filter(
      (element) => !tried.has(element) && element.checkVisibility({ visibilityProperty: true }) && !element.closest("nextjs-portal") && !element.disabled,
    )
  // What sends a form away comes last: it may leave the page.
  const sends = (element) => element.type === "submit" && Boolean(element.form)

  const press = async (element) => {
    tried.add(element)
    window.__codeflowPressed.name = nameOf(element)
    const options = { bubbles: true, cancelable: true, composed: true, button: 0, pointerType: "mouse", isPrimary: true }
    for (const [kind, type] of [[PointerEvent, "pointerdown"], [MouseEvent, "mousedown"], [PointerEvent, "pointerup"], [MouseEvent, "mouseup"]])
      element.dispatchEvent(new kind(type, options))
    element.click()
    await pause()
  }

  const shut = async () => {
    const target = document.activeElement ?? document.body
    target.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }))
    await pause()
  }

  const all = candidates(document.body)
  const order = [...all.filter((element) => !sends(element)), ...all.filter(sends)].slice(0, atMost)
  for (const element of order) {
    if (Date.now() > end) break
    if (!element.isConnected || tried.has(element)) continue
    const before = new Set(document.querySelectorAll(overlays))
    await press(element)
    const shown = [...document.querySelectorAll(overlays)].filter((overlay) => !before.has(overlay))
    for (const overlay of shown) {
      for (const inner of candidates(overlay).slice(0, innerAtMost)) {
        if (Date.now() > end || !inner.isConnected) break
        await press(inner)
      }
    }
    if (shown.length > 0) await shut()
    else document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }))
  }
  await pause()
  window.__codeflowPressed.name = ""
}

module.exports = { clickAround }
