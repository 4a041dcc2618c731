// The Next dev server as one process, without the command line's parent in front of it.
"use strict"

const path = require("node:path")
const { oneRouteAtATime } = require("./oneroute.cjs")
const { mend } = require("./watch.cjs")

const dir = process.env.CODEFLOW_APP ?? process.cwd()
const port = Number(process.env.PORT ?? 3000)

process.chdir(dir)
process.setSourceMapsEnabled(true)

const next = path.join(dir, "node_modules/next/dist")
mend(next)

const { startServer } = require(path.join(next, "server/lib/start-server"))
oneRouteAtATime(next)

startServer({ dir, port, hostname: "0.0.0.0", isDev: true, allowRetry: false }).catch((error) => {
  console.error(error)
  process.exit(1)
})
