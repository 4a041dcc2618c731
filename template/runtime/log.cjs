// A log file that never grows beyond twice its limit: the full one is kept once, under another name.
"use strict"

const fs = require("node:fs")

class BoundedLog {
  constructor(file, limit) {
    this.file = file
    this.limit = limit
    this.open()
  }

  open() {
    this.descriptor = fs.openSync(this.file, "a")
    this.size = fs.fstatSync(this.descriptor).size
  }

  write(chunk) {
    if (this.size + chunk.length > this.limit) this.rotate()
    this.size += fs.writeSync(this.descriptor, chunk.length > this.limit ? chunk.subarray(-this.limit) : chunk)
  }

  rotate() {
    fs.closeSync(this.descriptor)
    fs.renameSync(this.file, `${this.file}.1`)
    this.open()
  }
}

module.exports = { BoundedLog }
