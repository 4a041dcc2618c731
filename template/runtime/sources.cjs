// From a stack in the browser's bundles to the file and line the author wrote.
"use strict"

const FRAME = /^\s*at (?:(.*?) \()?((?:https?|file|about|rsc|webpack-internal):.*?):(\d+):(\d+)\)?$/
const NAMED = /(?:^|\s)\.?\/?((?:[\w@()[\].-]+\/)*[\w@()[\].-]+\.(?:tsx?|jsx?|css|json|mjs|cjs))[:\s(]+(\d+)[:)]/
const BUNDLE = /^https?:\/\/[^/]+\/_next\/(.*?)(\?.*)?$/
const APP = process.env.CODEFLOW_APP ?? "/home/user/app"
const OWN = /^(?!.*(node_modules|\.next\/|instrumentation-client))/
const FRAMES_ASKED = 12
const ANSWER_MS = 2000

/** Findings as `{message, press, file, line}`; file and line are null where unknown. */
async function located(findings, baseUrl) {
  return Promise.all(
    findings.map(async ({ message, stack, press, place }) => {
      const found = place ?? named(message) ?? (await traced(stack, baseUrl).catch(() => null)) ?? { file: null, line: null }
      return { message, press, ...found }
    }),
  )
}

/** Compilers put the place into the message itself. */
function named(message) {
  const match = NAMED.exec(message)
  return match && OWN.test(match[1]) ? { file: match[1], line: Number(match[2]) } : null
}

async function traced(stack, baseUrl) {
  const frames = stack.split("\n").map(parse).filter(Boolean).slice(0, FRAMES_ASKED)
  for (const isServer of [false, true]) {
    const group = frames.filter(({ file }) => isServer === /^(about|rsc):/.test(file))
    if (group.length === 0) continue
    const response = await fetch(new URL("/__nextjs_original-stack-frames", baseUrl), {
      method: "POST",
      body: JSON.stringify({ frames: group, isServer, isEdgeServer: false, isAppDirectory: true }),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    if (!response.ok) continue
    const own = (await response.json())
      .map((answer) => answer.value?.originalStackFrame)
      .find((frame) => frame?.file && !frame.ignored && OWN.test(frame.file))
    if (own) return { file: own.file.replace(/^\.\//, "").replace(/^.*\[project\]\//, ""), line: own.line1 ?? null }
  }
  return null
}

function parse(line) {
  const match = FRAME.exec(line)
  return match && frame(match[2], Number(match[3]), Number(match[4]), match[1])
}

/** Next looks bundles up by where it wrote them, not by where it serves them. */
function frame(url, line1, column1, methodName = "<anonymous>") {
  return { file: url.replace(BUNDLE, `file://${APP}/.next/dev/$1`), methodName, line1, column1, arguments: [] }
}

module.exports = { located }
