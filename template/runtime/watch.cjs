// Mends how Next's watcher of routes follows a folder that was removed and made again.
//
// A watch belongs to a folder's inode, not to its name. When a folder goes and comes back before its parent is looked at, as in a move or a
// `git checkout`, Watchpack finds the name still there and keeps the watch of what is gone: no route in it is ever noticed again.
// Here a folder that its parent tells of a second time is a new folder.
"use strict"

const path = require("node:path")

/** `next` is where Next's own files are. A version other than the template's may have nothing to mend. */
function mend(next) {
  const prototype = folderWatcher(path.join(next, "compiled/watchpack"))
  if (!prototype?.setDirectory || !prototype.setMissing) return
  const { setDirectory } = prototype
  prototype.setDirectory = function (folder, birth, initial, event) {
    if (event === "rename" && this.directories.has(folder)) {
      this.setMissing(folder, initial, event)
      for (const [name, watcher] of [...this.watcherManager.directoryWatchers]) {
        if (name === folder || name.startsWith(folder + path.sep)) watcher.close()
      }
    }
    setDirectory.call(this, folder, birth, initial, event)
  }
}

function folderWatcher(file) {
  try {
    const Watchpack = require(file)
    const sample = new Watchpack({}).watcherManager.getDirectoryWatcher(__dirname)
    sample.close()
    return Object.getPrototypeOf(sample)
  } catch {
    return undefined
  }
}

module.exports = { mend }
