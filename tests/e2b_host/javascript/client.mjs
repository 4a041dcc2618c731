// What E2B's own JavaScript SDK does with a sandbox. Prints one JSON line: what went wrong with each step, or null.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(pathToFileURL(`${process.env.E2B_PACKAGES}/`))
const e2b = await import(pathToFileURL(require.resolve('e2b')))
const { CommandExitError, FileNotFoundError, FileType, FilesystemEventType, NotFoundError, Sandbox, TimeoutError } = e2b
const options = { apiKey: process.env.E2B_API_KEY, apiUrl: process.env.HOST_URL, sandboxUrl: process.env.HOST_URL, domain: process.env.E2B_DOMAIN }
const text = (bytes) => new TextDecoder().decode(bytes)

async function until(holds) {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((done) => setTimeout(done, 30))) if (await holds()) return
  assert.fail('it never happened')
}

async function listed(query) {
  const pages = Sandbox.list({ ...options, ...query })
  const found = []
  while (pages.hasNext) found.push(...(await pages.nextItems()))
  return found.map((one) => one.sandboxId)
}

const steps = {
  async commands(sandbox) {
    const heard = []
    const done = await sandbox.commands.run('echo "$COLOUR $SIZE $PWD"; echo wrong >&2', {
      cwd: '/tmp', envs: { SIZE: 'grün' }, onStdout: (data) => heard.push(data),
    })
    assert.deepEqual([done.stdout, done.stderr, done.exitCode], ['blue grün /tmp\n', 'wrong\n', 0])
    assert.equal(heard.join(''), done.stdout)
    await assert.rejects(sandbox.commands.run('exit 3'), (error) => error instanceof CommandExitError && error.exitCode === 3)
    await assert.rejects(sandbox.commands.run('sleep 30', { timeoutMs: 300 }), TimeoutError)
  },
  async background(sandbox) {
    const echo = await sandbox.commands.run('cat', { background: true, stdin: true })
    assert.ok((await sandbox.commands.list()).some((one) => one.pid === echo.pid))
    const second = await sandbox.commands.connect(echo.pid)
    await sandbox.commands.sendStdin(echo.pid, 'to both')
    await sandbox.commands.closeStdin(echo.pid)
    assert.equal((await echo.wait()).stdout, 'to both')
    assert.equal((await second.wait()).stdout, 'to both')
    const sleeper = await sandbox.commands.run('sleep 600', { background: true })
    assert.equal(await sleeper.kill(), true)
    assert.equal(await sandbox.commands.kill(sleeper.pid), false)
  },
  async terminal(sandbox) {
    let heard = ''
    const terminal = await sandbox.pty.create({ cols: 90, rows: 20, onData: (data) => (heard += text(data)) })
    await sandbox.pty.resize(terminal.pid, { cols: 77, rows: 11 })
    await sandbox.pty.sendInput(terminal.pid, new TextEncoder().encode('stty size; exit\n'))
    await terminal.wait()
    assert.match(heard, /11 77/)
  },
  async files(sandbox) {
    const bytes = new Uint8Array(300_000).map((_, index) => index)
    const written = await sandbox.files.write([{ path: 'js/a.txt', data: 'größe' }, { path: 'js/b.bin', data: bytes.buffer }])
    assert.deepEqual(written.map((one) => one.path), ['/home/user/js/a.txt', '/home/user/js/b.bin'])
    assert.equal(await sandbox.files.read('js/a.txt'), 'größe')
    assert.deepEqual(await sandbox.files.read('js/b.bin', { format: 'bytes' }), bytes)
    let streamed = 0
    for await (const piece of await sandbox.files.read('js/b.bin', { format: 'stream' })) streamed += piece.length
    assert.equal(streamed, bytes.length)
    await sandbox.files.write('js/zip.txt', 'again '.repeat(5000), { gzip: true })
    assert.equal((await sandbox.files.read('js/zip.txt', { gzip: true })).length, 30_000)
    assert.equal(await sandbox.files.makeDir('js/deep/er'), true)
    assert.equal(await sandbox.files.makeDir('js/deep/er'), false)
    await sandbox.files.rename('js/a.txt', 'js/deep/c.txt')
    const seen = (await sandbox.files.list('js', { depth: 2 })).filter((one) => one.type === FileType.FILE).map((one) => one.name)
    assert.deepEqual(seen.sort(), ['b.bin', 'c.txt', 'zip.txt'])
    await sandbox.files.remove('js')
    assert.equal(await sandbox.files.exists('js'), false)
    await assert.rejects(sandbox.files.read('js/a.txt'), FileNotFoundError)
  },
  async metadata(sandbox) {
    await sandbox.files.write('tagged.txt', 'x', { metadata: { author: 'ada' } })
    assert.deepEqual((await sandbox.files.getInfo('tagged.txt')).metadata, { author: 'ada' })
    await sandbox.files.write('tagged.txt', 'y')
    assert.deepEqual((await sandbox.files.getInfo('tagged.txt')).metadata ?? {}, {})
  },
  async watching(sandbox) {
    const events = []
    await sandbox.files.makeDir('watched')
    const watch = await sandbox.files.watchDir('watched', (event) => events.push(event), { recursive: true })
    await sandbox.files.write('watched/sub/new.txt', 'x')
    await until(() => events.some((event) => event.name === 'sub/new.txt' && event.type === FilesystemEventType.CREATE))
    await watch.stop()
  },
  async signed_urls(sandbox) {
    const up = await sandbox.uploadUrl('signed.txt', { useSignatureExpiration: 60 })
    const form = new FormData()
    form.append('file', new Blob(['by form']), 'ignored.txt')
    assert.equal((await fetch(up, { method: 'POST', body: form })).status, 200)
    const down = await sandbox.downloadUrl('signed.txt', { useSignatureExpiration: 60 })
    assert.equal(await (await fetch(down)).text(), 'by form')
    assert.equal((await fetch(down.replace('signature=v1_', 'signature=v1_x'))).ok, false)
  },
  async git(sandbox) {
    await sandbox.git.init('repository', { initialBranch: 'main' })
    await sandbox.git.configureUser('Ada', 'ada@example.com', { scope: 'local', path: 'repository' })
    await sandbox.files.write('repository/a.txt', 'a')
    assert.equal((await sandbox.git.status('repository')).hasUntracked, true)
    await sandbox.git.add('repository')
    await sandbox.git.commit('repository', 'first')
    await sandbox.git.createBranch('repository', 'other')
    assert.equal((await sandbox.git.branches('repository')).currentBranch, 'other')
    assert.equal((await sandbox.git.status('repository')).isClean, true)
  },
  async life(sandbox) {
    assert.ok((await listed({ query: { metadata: { from: 'javascript' } }, limit: 1 })).includes(sandbox.sandboxId))
    await sandbox.setTimeout(200_000)
    const info = await sandbox.getInfo()
    assert.equal(info.state, 'running')
    assert.ok(info.endAt - Date.now() > 150_000)
    assert.equal(await sandbox.pause(), true)
    assert.equal(await sandbox.isRunning(), false)
    assert.ok((await listed({ query: { state: ['paused'] } })).includes(sandbox.sandboxId))
    const again = await Sandbox.connect(sandbox.sandboxId, options)
    assert.equal(await again.isRunning(), true)
  },
  async copies(sandbox) {
    await sandbox.files.write('state.txt', 'before')
    const snapshot = await sandbox.createSnapshot()
    const [fork] = await sandbox.fork()
    const copy = await Sandbox.create(snapshot.snapshotId, options)
    await sandbox.files.write('state.txt', 'after')
    assert.equal(await fork.files.read('state.txt'), 'before')
    assert.equal(await copy.files.read('state.txt'), 'before')
    assert.equal(await Sandbox.deleteSnapshot(snapshot.snapshotId, options), true)
    await Promise.all([fork.kill(), copy.kill()])
  },
  async end(sandbox) {
    assert.equal(await sandbox.kill(), true)
    assert.equal(await sandbox.isRunning(), false)
    await assert.rejects(Sandbox.connect(sandbox.sandboxId, options), NotFoundError)
  },
}

const results = {}
const sandbox = await Sandbox.create('base', { ...options, timeoutMs: 120_000, metadata: { from: 'javascript' }, envs: { COLOUR: 'blue' } })
for (const [name, step] of Object.entries(steps)) {
  results[name] = await step(sandbox).then(() => null, (error) => error.stack ?? String(error))
}
console.log(JSON.stringify(results))
process.exit(0)
