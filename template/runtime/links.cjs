// Where a page's links lead: each address of the app is asked for once in a check, whatever page has it.
"use strict"

const fs = require("node:fs")
const path = require("node:path")

const APP = process.env.CODEFLOW_APP ?? "/home/user/app"
const SOURCE = /\.(tsx?|jsx?|mdx?)$/
const NOT_WRITTEN = new Set(["node_modules", ".next", ".git"])
const AT_MOST = 30
const ANSWER_MS = 20_000

class Links {
  constructor(baseUrl) {
    this.baseUrl = baseUrl
    this.asked = new Map()
  }

  /** Dead ones of the page as it stands: `{message, file, line, press}`. */
  async dead(page) {
    const found = await page.evaluate(linksOfPage)
    const dead = found.anchors.map(({ href, name }) => this.problem(href, name, "but nothing on the page has that id"))
    const answers = await Promise.all(
      found.pages.slice(0, AT_MOST).map(async ({ href, name }) => {
        const status = await this.status(href)
        if (status === 404) return this.problem(href, name, "which answered 404: there is no such page")
        if (status >= 500) return this.problem(href, name, `which answered ${status}`)
        return null
      }),
    )
    return [...dead, ...answers.filter(Boolean)]
  }

  status(href) {
    const url = new URL(href, this.baseUrl)
    url.hash = ""
    const key = url.href
    if (!this.asked.has(key)) {
      const options = { headers: { accept: "text/html" }, redirect: "manual", signal: AbortSignal.timeout(ANSWER_MS) }
      const asked = fetch(url, options).then(
        async (response) => {
          await response.body?.cancel()
          return response.status
        },
        () => 0,
      )
      this.asked.set(key, asked)
    }
    return this.asked.get(key)
  }

  problem(href, name, why) {
    return { message: `The link “${name}” leads to ${href}, ${why}.`, press: name, ...written(href) }
  }
}

function linksOfPage() {
  const pages = new Map()
  const anchors = new Map()
  for (const link of document.querySelectorAll("a[href]")) {
    if (link.closest("nextjs-portal") || link.hasAttribute("download")) continue
    const url = new URL(link.href, location.href)
    if (url.origin !== location.origin || !url.protocol.startsWith("http")) continue
    const name = (link.getAttribute("aria-label") ?? link.innerText ?? "").replace(/\s+/g, " ").trim().slice(0, 60) || url.pathname
    if (url.pathname === location.pathname && url.search === location.search) {
      const id = decodeURIComponent(url.hash.slice(1))
      // “#” and “#top” lead to the top of any page; a router of its own keeps paths after the sign.
      const there = !id || id === "top" || /^[!/]/.test(id) || document.getElementById(id) || document.getElementsByName(id).length > 0
      if (!there) anchors.set(url.hash, { href: url.hash, name })
    } else {
      const href = url.pathname + url.search
      if (!pages.has(href)) pages.set(href, { href, name })
    }
  }
  return { pages: [...pages.values()], anchors: [...anchors.values()] }
}

/** The first place in the project's sources that names the address; nulls when it is put together from pieces. */
function written(href) {
  const quoted = new RegExp(`["'\`]${href.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(#[^"'\`]*)?["'\`]`)
  const folders = [APP]
  while (folders.length > 0) {
    const folder = folders.shift()
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory() && !NOT_WRITTEN.has(entry.name) && !entry.name.startsWith(".")) folders.push(file)
      if (!entry.isFile() || !SOURCE.test(entry.name)) continue
      const lines = fs.readFileSync(file, "utf8").split("\n")
      const at = lines.findIndex((line) => quoted.test(line))
      if (at >= 0) return { file: path.relative(APP, file), line: at + 1 }
    }
  }
  return { file: null, line: null }
}

module.exports = { Links }
