// Unpacks the package's browser, its fonts and libraries into the given directory, beside a launcher that finds them.
import { chmodSync, writeFileSync } from "node:fs"

const directory = process.argv[2]
process.env.TMPDIR = directory
// Makes the package unpack the libraries a bare system lacks.
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs22.x"

const { default: chromium } = await import("@sparticuz/chromium")
await chromium.executablePath()

const fonts = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>/tmp/fonts-cache</cachedir>
</fontconfig>
`
writeFileSync(`${directory}/fonts/fonts.conf`, fonts)

const launcher = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export FONTCONFIG_PATH="$here/fonts" LD_LIBRARY_PATH="$here/al2023/lib"
exec "$here/chromium" "$@"
`
writeFileSync(`${directory}/launch`, launcher)
for (const name of ["chromium", "launch"]) chmodSync(`${directory}/${name}`, 0o755)
