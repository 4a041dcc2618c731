// Compiles, once, what apps commonly import, so that the compiler's cache in .next serves every later sandbox.
//
// Run in the project's directory while the dev server runs on port 3000; leaves the project as it was.
"use strict"

const fs = require("node:fs")
const path = require("node:path")
const { noticed } = require("./noticed.cjs")

const BASE = "http://127.0.0.1:3000"
const ROUTE = "codeflow-warm"
const FOLDER = path.join("app", ROUTE)
const CACHE = ".next/dev/cache"
const LOG = "/tmp/codeflow/dev.log"
const SETTLED_MS = 2500
const SETTLE_LIMIT_MS = 12_000
const LIMIT_MS = 180_000
const NOTICED_MS = 15_000

const ICONS = [
  "Activity", "AlertCircle", "ArrowLeft", "ArrowRight", "Bell", "Calendar", "Check", "ChevronDown", "ChevronLeft", "ChevronRight", "ChevronUp",
  "Clock", "Copy", "CreditCard", "DollarSign", "Download", "Edit", "ExternalLink", "Eye", "Filter", "GripVertical", "Heart", "Home", "Info",
  "Loader2", "LogOut", "Mail", "Menu", "MessageSquare", "Minus", "Moon", "MoreHorizontal", "Pencil", "Play", "Plus", "Search", "Settings",
  "Share2", "ShoppingCart", "Sparkles", "Star", "Sun", "Trash2", "TrendingDown", "TrendingUp", "Upload", "User", "Users", "X", "Zap",
]
const CLIENT = {
  "@dnd-kit/core": ["DndContext", "DragOverlay", "useDraggable", "useDroppable"],
  "@dnd-kit/sortable": ["SortableContext", "useSortable"],
  "@dnd-kit/utilities": ["CSS"],
  "@hookform/resolvers/zod": ["zodResolver"],
  "date-fns": ["addDays", "differenceInDays", "endOfMonth", "format", "formatDistanceToNow", "isSameDay", "parseISO", "startOfMonth", "subDays"],
  "motion/react": ["AnimatePresence", "motion"],
  "next-themes": ["ThemeProvider", "useTheme"],
  "next/navigation": ["usePathname", "useRouter", "useSearchParams"],
  "react-hook-form": ["useForm"],
  recharts: ["Area", "AreaChart", "Bar", "BarChart", "CartesianGrid", "Cell", "Line", "LineChart", "Pie", "PieChart", "Tooltip", "XAxis", "YAxis"],
  sonner: ["toast"],
  zod: ["z"],
  zustand: ["create"],
  "zustand/middleware": ["persist"],
  "@/hooks/use-mobile": ["useIsMobile"],
  "@/lib/utils": ["cn"],
}
const DEFAULTS = ["next/image", "next/link"]

/** Named imports, as apps write them: a namespace import would compile whole libraries. */
function moduleOf(components, libraries) {
  const names = []
  const lines = [...components, ...DEFAULTS].map((source, index) => {
    names.push(`M${index}`)
    return `import ${DEFAULTS.includes(source) ? "" : "* as "}M${index} from ${JSON.stringify(source)}`
  })
  for (const [source, imported] of Object.entries({ ...libraries, "lucide-react": ICONS })) {
    const locals = imported.map((name) => `N${names.length + imported.indexOf(name)}`)
    lines.push(`import { ${imported.map((name, index) => `${name} as ${locals[index]}`).join(", ")} } from ${JSON.stringify(source)}`)
    names.push(...locals)
  }
  return { head: `${lines.join("\n")}\n\n`, use: `[${names.join(", ")}].length` }
}

function writeRoute() {
  const components = fs.existsSync("components/ui")
    ? fs.readdirSync("components/ui").filter((name) => name.endsWith(".tsx")).map((name) => `@/components/ui/${name.slice(0, -4)}`)
    : []
  const client = moduleOf(components, CLIENT)
  const server = moduleOf(components, { "@/lib/utils": ["cn"] })
  const files = {
    "client.tsx": `"use client"\n${client.head}export default function Client() { return <p>{${client.use}}</p> }\n`,
    "page.tsx": `import Client from "./client"\n${server.head}export default function Page() { return <div>{${server.use}}<Client /></div> }\n`,
    "api/route.ts": `export async function GET() { return Response.json({ ok: true }) }
export async function POST(request: Request) { return Response.json(await request.json()) }\n`,
  }
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(FOLDER, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text)
  }
}

/** The dev server starts itself anew when its memory runs low, which so much compiling can bring about: a broken answer is asked for again. */
async function fetched(url) {
  const end = Date.now() + LIMIT_MS
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) })
      return { status: response.status, body: await response.text() }
    } catch (error) {
      if (Date.now() > end) throw new Error(`GET ${url} was not answered: ${error.cause?.message ?? error.message}`)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

/** A new route is known only when the watcher saw it, so another status is asked again for a while. */
async function served(route, expected) {
  const end = Date.now() + NOTICED_MS
  for (;;) {
    const { status, body } = await fetched(BASE + route)
    if (status === expected) return body
    if (Date.now() > end) throw new Error(`GET ${route} answered ${status}: ${body.slice(0, 500)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** What the page makes a browser load is compiled too. */
async function loaded(body) {
  const assets = new Set(body.match(/\/_next\/static\/[^"'\\ ]+?\.(?:js|css)/g))
  for (const asset of assets) await fetched(BASE + asset)
}

function cacheState() {
  const entries = fs.existsSync(CACHE) ? fs.readdirSync(CACHE, { recursive: true, withFileTypes: true }) : []
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => `${file} ${fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs}`)
    .join("\n")
}

/** The compiler writes its cache behind our back: wait until it is still. */
async function settled() {
  const end = Date.now() + SETTLE_LIMIT_MS
  let state = cacheState()
  let since = Date.now()
  while (Date.now() < end && (state === "" || Date.now() - since < SETTLED_MS)) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    const now = cacheState()
    if (now !== state) since = Date.now()
    state = now
  }
}

async function warm() {
  await loaded(await served("/", 200))
  writeRoute()
  try {
    await loaded(await served(`/${ROUTE}`, 200))
    await served(`/${ROUTE}/api`, 200)
    await served("/codeflow-nothing", 404)
    await settled()
    // The routes first: what the compiler keeps must never hold a page without what it imports.
    for (const route of ["page.tsx", "api/route.ts"]) fs.rmSync(path.join(FOLDER, route))
    await noticed()
    await served(`/${ROUTE}`, 404)
    await settled()
  } finally {
    fs.rmSync(FOLDER, { recursive: true, force: true })
  }
  await noticed()
  await served("/", 200)
  await settled()
}

warm().catch((error) => {
  console.error(`${error.message}\n${fs.existsSync(LOG) ? fs.readFileSync(LOG, "utf8").slice(-400) : ""}`)
  process.exit(1)
})
