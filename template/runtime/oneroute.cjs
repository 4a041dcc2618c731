// Lets Next compile one route at a time.
//
// With a compiler's cache from before, a page and a route handler that are compiled for the first time at the same moment can leave
// Turbopack with a stale idea of the page's chunks: every browser that opens the page is then told to load it anew, without end.
"use strict"

const path = require("node:path")

/** `next` is where Next's own files are. A version other than the template's may have nothing to mend. */
function oneRouteAtATime(next) {
  const found = bundler(path.join(next, "server/dev/hot-reloader-turbopack"))
  if (!found) return
  const { createHotReloaderTurbopack } = found.exports
  found.exports = {
    ...found.exports,
    async createHotReloaderTurbopack(...args) {
      const reloader = await createHotReloaderTurbopack(...args)
      const ensurePage = reloader.ensurePage?.bind(reloader)
      let last = Promise.resolve()
      if (ensurePage) {
        reloader.ensurePage = (...asked) => {
          const compiled = last.then(() => ensurePage(...asked))
          last = compiled.catch(() => {})
          return compiled
        }
      }
      return reloader
    },
  }
}

function bundler(file) {
  try {
    const { createHotReloaderTurbopack } = require(file)
    return createHotReloaderTurbopack && require.cache[require.resolve(file)]
  } catch {
    return undefined
  }
}

module.exports = { oneRouteAtATime }
