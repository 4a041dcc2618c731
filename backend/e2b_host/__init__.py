"""An E2B-compatible sandbox host for one machine: the official, unmodified E2B SDKs create sandboxes here.

`python -m backend.e2b_host --data-dir DIR` serves E2B's control plane, envd and port previews on one loopback port.
Point an SDK at it with `api_url`, `sandbox_url` (the same address) and `api_key`, all from the line `--json` prints.

What the host promises:

1. Every control-plane call needs the API key, which is random and kept with the sandboxes. Every file
   or process call needs the access token of the very sandbox it names, unless its client asked for an insecure one.
   Ports are reachable by whoever knows the sandbox's unguessable name, as on E2B, or has its traffic token where the
   client asked for one. Other machines get previews only, unless told `--expose-api`.
2. Paths cannot lead out of a sandbox: all file and process work is done by an agent inside it.
3. A sandbox has no network but its own loopback and, through a proxy, the hosts named with `--egress`; its own network
   rules only narrow that.
4. A sandbox that dies, or exceeds its memory or its disk, is removed, and the log says why. One that outlives its
   time-out is removed or paused, as its client asked.
5. No process outlives the host. The disks of sandboxes that clients were given do: the next host on the same data
   directory lists them as paused, and boots them anew when they are asked for. All else that a host left is removed.

What isolation means here: each sandbox is a bubblewrap jail with its own user, process, IPC, host-name, network and
mount namespaces, without capabilities, and never with the uid of root. It shares the machine's kernel, so it is a
development sandbox, not a virtual machine: it keeps generated code away from your files, keys and network; it is no
place for an attacker who holds a kernel exploit. Where bubblewrap cannot work the host refuses to start, unless told
`--unsafe-local` (and `CODEFLOW_UNSAFE_LOCAL=1`): then sandboxes are plain processes with no isolation at all.

Not offered: volumes, a builder of templates, memory in snapshots and forks, which copy disks, or across a restart of the
host. `docs/sandbox.md` has the whole list.
"""
