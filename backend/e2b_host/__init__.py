"""An E2B-compatible sandbox host for one machine: the official, unmodified E2B SDKs create sandboxes here.

`python -m backend.e2b_host --data-dir DIR` serves E2B's control plane, envd and port previews on one loopback port.
Point an SDK at it with `api_url`, `sandbox_url` (the same address) and `api_key`, all from the line `--json` prints.

What the host promises:

1. Every control-plane call needs the API key, which is random for each start; every file or process call needs the
   access token of the very sandbox it names. Ports are reachable by whoever knows the sandbox's unguessable name, as
   on E2B.
2. Paths cannot lead out of a sandbox: all file and process work is done by an agent inside it.
3. A sandbox has no network but its own loopback and, through a proxy, the hosts named with `--egress`.
4. A sandbox that dies, exceeds its memory or its disk, or outlives its time-out is removed, and the log says why.
5. Nothing outlives the host. What a killed host left behind is removed by the next one on the same data directory.

What isolation means here: each sandbox is a bubblewrap jail with its own user, process, IPC, host-name, network and
mount namespaces, without capabilities, and never with the uid of root. It shares the machine's kernel, so it is a
development sandbox, not a virtual machine: it keeps generated code away from your files, keys and network; it is no
place for an attacker who holds a kernel exploit. Where bubblewrap cannot work the host refuses to start, unless told
`--unsafe-local` (and `CODEFLOW_UNSAFE_LOCAL=1`): then sandboxes are plain processes with no isolation at all.

Not offered: sandboxes that survive a host restart, snapshots, forks, volumes, per-sandbox network rules other than
internet off. A pause stops the processes and keeps their memory.
"""
