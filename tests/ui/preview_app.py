"""What stands in the simulated sandbox: a page with working parts that speaks the preview bridge's protocol."""

PREVIEW_HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Team board</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
* { box-sizing: border-box; margin: 0 }
body { font: 14px/1.5 ui-sans-serif, system-ui, sans-serif; color: #18181b; background: #f6f6f8; padding: 26px 30px }
header { display: flex; align-items: center; gap: 12px; margin-bottom: 22px } h1 { font-size: 22px; letter-spacing: -.02em; flex: 1 }
button { font: inherit; border: 0; border-radius: 8px; padding: 8px 14px; background: #4f46e5; color: #fff; cursor: pointer }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 16px }
section { background: #ededf1; border-radius: 12px; padding: 12px } h2 { font-size: 13px; color: #63636e; margin: 2px 4px 12px }
article { background: #fff; border-radius: 9px; padding: 11px 12px; margin-bottom: 9px; box-shadow: 0 1px 2px #0001 }
small { display: inline-block; margin-top: 6px; padding: 1px 8px; border-radius: 9px; background: #eef; color: #4f46e5; font-size: 11.5px }
</style></head><body><header><h1>Team board</h1><span id="count"></span><button id="add">Add card</button></header>
<div class="columns"><section><h2>To do</h2><article>Write release notes<br><small>docs</small></article>
<article>Audit colour contrast<br><small>design</small></article><article>Rate-limit sign-up<br><small>backend</small></article></section>
<section><h2>In progress</h2><article>Drag and drop on touch<br><small>frontend</small></article>
<article>Invite by link<br><small>growth</small></article></section>
<section><h2>Done</h2><article>Keyboard shortcuts<br><small>frontend</small></article><article>Import from CSV<br><small>backend</small></article>
</section></div>
<script>
const send = (type, rest) => parent.postMessage({ source: "codeflow", type, ...rest }, "*")
const path = () => location.pathname + location.search
let cards = 7
const draw = () => document.getElementById("count").textContent = cards + " cards"
document.getElementById("add").onclick = () => { cards++; draw(); console.log("added"); send("console", { level: "log", text: "card added" }) }
addEventListener("message", (e) => {
  if (e.source !== parent || e.data?.source !== "codeflow-host") return
  if (e.data.type === "reload") location.reload()
  if (e.data.type === "navigate") location.assign(e.data.path)
  if (e.data.type === "back") history.back()
})
draw()
addEventListener("load", () => send("ready", { path: path(), title: document.title }))
if (location.pathname === "/broken")
  setTimeout(() => send("error", { kind: "exception", message: "Cannot read properties of undefined (reading 'map')",
    file: "components/board.tsx", line: 14, path: "/broken" }), 200)
</script></body></html>
"""
