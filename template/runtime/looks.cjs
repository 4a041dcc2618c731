// What a person would see at once: nothing at all, or pictures that do not load.
"use strict"

/** What is wrong with the page as it stands, as sentences. */
async function lookAt(page) {
  return page.evaluate(seen)
}

function seen() {
  const problems = []
  const visible = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  const own = [...document.body.querySelectorAll("*")].filter((element) => !element.closest("nextjs-portal, script, style, template, noscript"))
  const drawn = own.some((element) => {
    if (!visible(element)) return false
    if (/^(IMG|SVG|CANVAS|VIDEO|IFRAME|INPUT|TEXTAREA|SELECT|BUTTON|OBJECT|EMBED)$/i.test(element.tagName)) return true
    if ([...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())) return true
    const style = getComputedStyle(element)
    const box = element.getBoundingClientRect()
    // An area as large as the window is its background, not something on it.
    const patch = box.width * box.height > 0 && box.width * box.height < innerWidth * innerHeight * 0.9
    return patch && (style.backgroundImage !== "none" || !/^(transparent|rgba\(0, 0, 0, 0\))$/.test(style.backgroundColor) || parseFloat(style.borderTopWidth) > 0)
  })
  if (!drawn) problems.push("The page is blank: there is nothing to see on it.")
  for (const image of document.images) {
    const address = image.currentSrc || image.src
    const own = address.startsWith("data:") || address.startsWith(location.origin)
    if (own && image.complete && image.naturalWidth === 0 && visible(image)) {
      const name = address.startsWith("data:") ? `${address.slice(0, 40)}…` : address.slice(location.origin.length)
      problems.push(`The image ${name} cannot be shown: it is missing, or it is no picture.`)
    }
  }
  return problems
}

module.exports = { lookAt }
