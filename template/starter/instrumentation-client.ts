/**
 * Lets the page that frames this preview follow it and steer it. Does nothing when the app is opened by itself or in production.
 *
 * To the parent:   { source: "codeflow", type: "ready" | "route" | "error" | "console" | "hmr", ... }
 * From the parent: { source: "codeflow-host", type: "navigate" | "reload" | "back" | "forward" | "theme", ... }
 */

type Level = "log" | "info" | "warn" | "error" | "debug"
type BuildError = { message?: string; moduleName?: string }
type HmrMessage = { type?: string; errors?: BuildError[]; errorJSON?: string }

declare global {
  interface Window {
    __codeflowPreview?: true
  }
}

const TEXT_LIMIT = 4000
const LINES_PER_SECOND = 50

function post(type: string, detail: Record<string, unknown> = {}) {
  window.parent.postMessage({ source: "codeflow", type, ...detail }, "*")
}

function place() {
  return { path: location.pathname + location.search + location.hash, title: document.title }
}

function describe(value: unknown): string {
  if (typeof value === "string") return value
  if (value instanceof Error) return value.stack ?? `${value.name}: ${value.message}`
  if (value instanceof Node) return `<${value.nodeName.toLowerCase()}>`
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

function reportErrors() {
  window.addEventListener("error", (event) => {
    if (!event.message) return
    post("error", {
      kind: "exception",
      message: event.message.slice(0, TEXT_LIMIT),
      stack: event.error instanceof Error ? event.error.stack?.slice(0, TEXT_LIMIT) : undefined,
      file: event.filename,
      line: event.lineno,
      ...place(),
    })
  })
  window.addEventListener("unhandledrejection", (event) => {
    const reason: unknown = event.reason
    post("error", {
      kind: "rejection",
      message: (reason instanceof Error ? reason.message : describe(reason)).slice(0, TEXT_LIMIT),
      stack: reason instanceof Error ? reason.stack?.slice(0, TEXT_LIMIT) : undefined,
      ...place(),
    })
  })
}

function reportConsole() {
  let second = 0
  let lines = 0
  for (const level of ["log", "info", "warn", "error", "debug"] satisfies Level[]) {
    const original = console[level]
    console[level] = (...args: unknown[]) => {
      original.apply(console, args)
      const now = Math.floor(performance.now() / 1000)
      if (now !== second) {
        second = now
        lines = 0
      }
      lines += 1
      if (lines > LINES_PER_SECOND) return
      const text = args.map(describe).join(" ")
      if (!/^\[(HMR|Fast Refresh)\]/.test(text)) post("console", { level, text: text.slice(0, TEXT_LIMIT) })
    }
  }
}

let lastBuild = ""

function reportBuild(message: HmrMessage) {
  if (message.type === "building") post("hmr", { status: "building" })
  if (message.type === "built" || message.type === "sync") {
    const errors = (message.errors ?? []).map(buildError)
    const build = JSON.stringify(errors)
    post("hmr", { status: errors.length > 0 ? "failed" : "built", errors })
    // Next repeats the same result several times.
    if (build !== lastBuild) for (const error of errors) post("error", { kind: "build", ...error, ...place() })
    lastBuild = build
  }
  if (message.type === "serverError") {
    post("error", { kind: "server", message: (message.errorJSON ?? "The server failed").slice(0, TEXT_LIMIT), ...place() })
  }
}

function buildError({ message = "The build failed", moduleName }: BuildError) {
  const text = message.replace(/\u001b\[\d+m/g, "")
  const [, file = moduleName, line] = /^\.?\/?(\S+?\.\w+):(\d+)/.exec(text) ?? []
  return { message: text.slice(0, TEXT_LIMIT), file, line: line ? Number(line) : undefined }
}

/** Next opens its hot-reload socket after this module ran, so wrapping the constructor sees every message. */
function reportHotReload() {
  window.WebSocket = new Proxy(window.WebSocket, {
    construct(Socket, args: [string | URL, (string | string[])?]) {
      const socket = new Socket(...args)
      if (String(args[0]).includes("/_next/hmr")) {
        socket.addEventListener("close", () => post("hmr", { status: "disconnected" }))
        socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
          if (typeof data !== "string") return
          try {
            reportBuild(JSON.parse(data) as HmrMessage)
          } catch {
            // Not JSON: not one of the messages reported here.
          }
        })
      }
      return socket
    },
  })
}

function reportRoute() {
  let last = ""
  const report = () => {
    const here = place()
    if (here.path === last) return
    last = here.path
    post("route", here)
  }
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name]
    history[name] = function (this: History, ...args: Parameters<History["pushState"]>) {
      original.apply(this, args)
      queueMicrotask(report)
    }
  }
  window.addEventListener("popstate", report)
  window.addEventListener("hashchange", report)
}

/** Browsers that block third-party storage throw on access inside a frame; the app shall run there all the same. */
function lendStorage() {
  for (const name of ["localStorage", "sessionStorage"] as const) {
    try {
      void window[name]
    } catch {
      Object.defineProperty(window, name, { value: new MemoryStorage(), configurable: true })
    }
  }
}

class MemoryStorage implements Storage {
  [name: string]: unknown
  #items = new Map<string, string>()

  get length() {
    return this.#items.size
  }
  key(index: number) {
    return [...this.#items.keys()][index] ?? null
  }
  getItem(key: string) {
    return this.#items.get(String(key)) ?? null
  }
  setItem(key: string, value: string) {
    this.#items.set(String(key), String(value))
  }
  removeItem(key: string) {
    this.#items.delete(String(key))
  }
  clear() {
    this.#items.clear()
  }
}

function applyTheme(theme: unknown) {
  if (theme !== "light" && theme !== "dark") return
  document.documentElement.classList.toggle("dark", theme === "dark")
  // next-themes, if the app uses it, listens for this key.
  localStorage.setItem("theme", theme)
  window.dispatchEvent(new StorageEvent("storage", { key: "theme", newValue: theme }))
}

function obeyParent() {
  window.addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
    if (source !== window.parent || typeof data !== "object" || data === null) return
    const message = data as { source?: unknown; type?: unknown; path?: unknown; theme?: unknown }
    if (message.source !== "codeflow-host") return
    if (message.type === "reload") location.reload()
    if (message.type === "back") history.back()
    if (message.type === "forward") history.forward()
    if (message.type === "theme") applyTheme(message.theme)
    if (message.type === "navigate" && typeof message.path === "string") {
      const target = new URL(message.path, location.origin)
      if (target.origin === location.origin) location.assign(target)
    }
  })
}

function announce() {
  const ready = () => post("ready", place())
  if (document.readyState === "complete") ready()
  else window.addEventListener("load", ready, { once: true })
}

if (process.env.NODE_ENV === "development" && window.parent !== window && !window.__codeflowPreview) {
  window.__codeflowPreview = true
  lendStorage()
  reportErrors()
  reportConsole()
  reportHotReload()
  reportRoute()
  obeyParent()
  announce()
}

export {}
