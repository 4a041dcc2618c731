// Keeps the dev server of the project in the working directory running.
//
//   node dev.cjs           supervise until killed; output is appended to /tmp/codeflow/dev.log
//   node dev.cjs restart   make the running supervisor start the server anew, also when it hangs
"use strict"

const fs = require("node:fs")
const path = require("node:path")
const { spawn } = require("node:child_process")
const { BoundedLog } = require("./log.cjs")

const STATE = process.env.CODEFLOW_STATE ?? "/tmp/codeflow"
const PID_FILE = path.join(STATE, "dev.pid")
const LOG_LIMIT = 1024 * 1024
const NEXT_ASKS_FOR_RESTART = 77
const LIVED_MS = 3000
const MAX_WAIT_MS = 8000

function requestRestart() {
  process.kill(Number(fs.readFileSync(PID_FILE, "utf8")), "SIGHUP")
}

class Supervisor {
  constructor() {
    fs.mkdirSync(STATE, { recursive: true })
    this.log = new BoundedLog(path.join(STATE, "dev.log"), LOG_LIMIT)
    this.waitMs = 0
    this.asked = false
    fs.writeFileSync(PID_FILE, String(process.pid))
    process.on("SIGHUP", () => this.restart())
    for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => this.stop())
  }

  start() {
    this.timer = undefined
    this.startedAt = Date.now()
    this.server = spawn(process.execPath, [path.join(__dirname, "server.cjs")], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: {
        ...process.env,
        NODE_ENV: "development",
        NEXT_TELEMETRY_DISABLED: "1",
        NEXT_PRIVATE_START_TIME: String(this.startedAt),
        NEXT_PRIVATE_WORKER: "1",
        NEXT_MANUAL_SIG_HANDLE: "1",
        TURBOPACK: "1",
        __NEXT_DEV_SERVER: "1",
      },
    })
    this.server.stdout.on("data", (chunk) => this.log.write(chunk))
    this.server.stderr.on("data", (chunk) => this.log.write(chunk))
    this.server.on("error", (error) => this.note(`cannot start node: ${error.message}`))
    this.server.on("exit", (code, signal) => this.ended(code, signal))
  }

  ended(code, signal) {
    this.killGroup()
    const wanted = this.asked || code === NEXT_ASKS_FOR_RESTART
    const lived = Date.now() - this.startedAt > LIVED_MS
    this.asked = false
    this.waitMs = wanted || lived ? 0 : Math.min(MAX_WAIT_MS, Math.max(500, this.waitMs * 2))
    if (!wanted) this.note(`the dev server ended (${signal ?? `exit code ${code}`}); it starts again`)
    this.timer = setTimeout(() => this.start(), this.waitMs)
  }

  /** A server stuck in an endless render hears no polite signal. */
  restart() {
    this.note("restarting the dev server")
    if (this.timer) {
      clearTimeout(this.timer)
      this.waitMs = 0
      this.start()
      return
    }
    this.asked = true
    this.killGroup()
  }

  stop() {
    this.killGroup()
    fs.rmSync(PID_FILE, { force: true })
    process.exit(0)
  }

  /** The server and the workers it spawned. */
  killGroup() {
    try {
      process.kill(-this.server.pid, "SIGKILL")
    } catch (error) {
      if (error.code !== "ESRCH") throw error
    }
  }

  note(text) {
    this.log.write(Buffer.from(`[codeflow] ${text}\n`))
  }
}

if (process.argv[2] === "restart") requestRestart()
else new Supervisor().start()
