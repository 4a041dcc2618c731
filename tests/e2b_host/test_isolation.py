"""What code in a sandbox cannot do, whether the host runs as root or as an unprivileged user.

An attack is an entry: what it is called, its script, and a pattern that the whole of its output must match. Scripts are
run by bash; those that start with `import` by Python.
"""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path

import httpx
import pytest
from e2b import NotFoundException, Sandbox

from backend.e2b_host.identities import HOST_UID

from .conftest import HOST_SECRET, Host

pytestmark = pytest.mark.sandbox

NONE = "(No such file or directory|Permission denied|Not a directory)"
CLOSED = "(Read-only file system|Permission denied|Operation not permitted|No such file or directory|Invalid cross-device link)"

FILES = {
    "passwords of the host": ("cat /etc/shadow", NONE),
    "homes of the host": ("ls -A /home /root", r"/home:\nuser\n\n/root:\n"),
    "other places of the host": ("ls -A /opt /srv /mnt /run /var /var/tmp", r"(/\w+(/tmp)?:|tools|log|tmp|\n)*"),
    "all that is in the root": (
        "ls -A /",
        r"\.envd\nbin\ndev\netc\nhome\nlib\n(lib32\n)?(lib64\n)?mnt\nopt\nproc\nroot\nrun\nsbin\nsrv\ntmp\nusr\nvar\n",
    ),
    "devices of the host": ("ls -A /sys /sys/block", NONE),
    "a secret by its path": ("cat {secret}", NONE),
    "a secret through every process's root": ("cat /proc/[0-9]*/root{secret} /proc/[0-9]*/cwd{secret}", NONE),
    "a secret through a link": ("ln -sf {secret} /tmp/link; cat /tmp/link; rm /tmp/link", NONE),
    "a secret through parents": ("cat ../../../../../..{secret} /proc/self/cwd/../../../..{secret}", NONE),
    "the host's data": ("ls {data} {data}/sandboxes /proc/1/root{data}", NONE),
    "the sockets of sandboxes": ("ls -A {data}/sockets; ls /.envd", f"{NONE}|agent|bin|egress.sock|python"),
    "the host's variables": (
        "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep HOST_SECRET; env | grep HOST_SECRET",
        "",
    ),
    "what a command inherits": ("import os\nprint(sorted(os.listdir('/proc/self/fd')))", r"\['0', '1', '2', '3'\]\n"),
    "descriptors of the agent": (
        "for fd in /proc/[12]/fd/*; do readlink $fd; done | grep -vE 'pipe|socket|anon_inode|/dev/null|/{id}/log$'",
        "",
    ),
    "writing the system": ("touch /usr/bin/x /bin/x /lib/x /usr/local/x", CLOSED),
    "writing what all sandboxes share": (
        "touch /.envd/agent/x; touch /.envd/bin/x; echo x > /etc/passwd; echo x > /etc/ld.so.preload; touch /etc/ssl/x",
        CLOSED,
    ),
    "writing a read-only mount": ("echo evil > /opt/tools/pkg/index.js; rm -rf /opt/tools/pkg", CLOSED),
    "owning the system by a hard link": ("ln /usr/bin/env /home/user/env; ln /opt/tools/pkg/index.js ~/x", CLOSED),
    "another mount": (
        "mount -t tmpfs none /mnt; mount --bind / /mnt; umount /usr",
        ".*(denied|permi|superuser|dmesg|failed).*",
    ),
    "a device node": ("mknod /tmp/sda b 254 0; mknod /tmp/mem c 1 1", CLOSED),
    "devices": (
        "find /dev -not -type l -not -type d | sort | tr '\\n' ' '",
        "/dev/full /dev/null /dev/(pts/ptmx /dev/)?random /dev/tty /dev/urandom /dev/zero ",
    ),
    "the kernel's switches": (
        "for f in kernel/core_pattern kernel/modprobe vm/drop_caches net/ipv4/ip_forward user/max_user_namespaces; "
        "do echo 1 > /proc/sys/$f; done; find /proc/sys -writable | head -1",
        CLOSED,
    ),
    "the kernel's keys, log, memory and switches": (
        "for f in keys kcore kmsg sysrq-trigger kallsyms cmdline timer_list; do cat /proc/$f; done; "
        "echo b > /proc/sysrq-trigger; ls -A /proc/bus /proc/fs /proc/irq | grep -v : | tr -d '\\n'",
        CLOSED,
    ),
    "the kernel's log by a call": ("dmesg", ".*not permitted"),
}

PROCESSES = {
    "processes of the host": ("kill -0 {pid}; ls /proc/{pid}", "(No such process|No such file or directory)"),
    "how many there are": ("ls -d /proc/[0-9]* | wc -l", r"\d\n|1\d\n"),
    "ending the first": (
        "kill -9 1; sleep 0.1; kill -0 1 2>&1 | tail -c 8; true",
        "(Operation not permitted|ermitted)?",
    ),
    "the first's memory and root": (
        "import os\nfor name in ('mem', 'root/proc/1/root/{secret}'):\n"
        "    try: print(open(f'/proc/1/{name}', 'rb').read(1))\n    except OSError as error: print(error.strerror)",
        f"({NONE}|Input/output error)",
    ),
    "rights": (
        "grep -hE '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status | tr -d ' \\t'",
        r"(Cap\w+:0000000000000000\n){5}NoNewPrivs:1\nSeccomp:2\n",
    ),
    "the agent's rights": ("grep -h ^Cap /proc/2/status | tr -d ' \\t'", r"(Cap\w+:0000000000000000\n){5}"),
    "root's uid": (
        "import os\nfor call in (os.setuid, os.setgid, os.seteuid):\n    try: print(call(0))\n"
        "    except OSError as error: print(error.strerror)\nos.system('id -u')",
        "Operation not permitted|Invalid argument|1000",
    ),
    "programs that make others root": (
        "for program in su mount passwd chsh newgrp; do $program -c id </dev/null; done 2>&1 | grep -c 'uid=0'",
        r"0\n",
    ),
    "a user namespace": ("unshare --user true; unshare --map-root-user id", "unshare: .*"),
    "other namespaces": ("unshare --mount true; unshare --net true; unshare --pid true", "unshare: .*"),
    "the host's namespaces": ("nsenter -t 1 -m true; nsenter -t 1 -U true; nsenter -t 1 -n true", "nsenter: .*"),
    "more than its share of files": ("ulimit -Hn; ulimit -n 9999999; ulimit -u unlimited", r"\d+|.*not permitted"),
    "being spared by the kernel": (
        "cat /proc/self/oom_score_adj; echo -1000 > /proc/self/oom_score_adj; nice -n -10 id -u",
        r"500|.*[Pp]ermission denied|1000",
    ),
}

NETWORK = {
    "a server on the host's loopback": ("exec 3<>/dev/tcp/127.0.0.1/{port}", ".*refused.*"),
    "the internet": ("exec 3<>/dev/tcp/1.1.1.1/443", ".*unreachable.*"),
    "the cloud's metadata": ("exec 3<>/dev/tcp/169.254.169.254/80", ".*unreachable.*"),
    "a name": (
        "getent hosts example.com; exec 3<>/dev/tcp/example.com/80",
        ".*(resolution|Invalid argument|not known).*",
    ),
    "an abstract socket of the host": (
        "import socket\ns = socket.socket(socket.AF_UNIX)\n"
        "try: s.connect('\\0{abstract}'); print('in')\nexcept OSError as error: print(error.strerror)",
        r"Connection refused\n",
    ),
    "rare kinds of sockets": (
        "import socket\nfor family, kind, number in ((40, 1, 0), (17, 3, 3), (38, 5, 0), (16, 3, 15), (2, 3, 1), (2, 1, 262)):\n"
        "    try: socket.socket(family, kind, number); print('made', family)\n    except OSError as error: print(error.strerror)",
        "(Address family not supported by protocol|Operation not permitted|Protocol not supported)",
    ),
    "another way to the network": (
        "ip link add x type dummy; ip route add default dev lo",
        ".*(permitted|not found|denied).*",
    ),
}

ATTACKS = [
    pytest.param(script, refusal, id=name)
    for table in (FILES, PROCESSES, NETWORK)
    for name, (script, refusal) in table.items()
]


@pytest.fixture(scope="session")
def prey(
    walled: Host, inmate: Sandbox, tmp_path_factory: pytest.TempPathFactory, reachable: HTTPServer
) -> Iterator[dict[str, object]]:
    """What there is on the host for the taking."""
    secret = tmp_path_factory.mktemp("prey") / "secret"
    secret.write_text(HOST_SECRET)
    with socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0codeflow-{os.getpid()}")
        abstract.listen()
        yield {
            "secret": secret,
            "data": walled.log.parent / "data",
            "id": inmate.sandbox_id,
            "pid": walled.process.pid,
            "port": reachable.server_port,
            "abstract": f"codeflow-{os.getpid()}",
        }


def said(sandbox: Sandbox, script: str) -> str:
    if script.startswith("import"):
        sandbox.files.write("/tmp/attack.py", script)
        script = "python3 /tmp/attack.py"
    return sandbox.commands.run(f"{{ {script}; }} 2>&1 || true", timeout=60).stdout


@pytest.mark.parametrize(("script", "refusal"), ATTACKS)
def test_attack_is_refused(inmate: Sandbox, prey: dict[str, object], script: str, refusal: str) -> None:
    for name, value in prey.items():
        script = script.replace(f"{{{name}}}", str(value))
    output = said(inmate, script)
    assert HOST_SECRET not in output
    if not re.fullmatch(refusal, output):
        assert output != ""
        assert [line for line in output.splitlines() if not re.search(f"({refusal})$", line)] == []


def test_files_are_not_read_through_the_agent_either(inmate: Sandbox, prey: dict[str, object]) -> None:
    inmate.commands.run(f"ln -sfn {prey['secret']} link")
    for path in (str(prey["secret"]), "link", f"../../../../..{prey['secret']}"):
        with pytest.raises(NotFoundException):
            inmate.files.read(path)


def test_what_was_attacked_is_as_before(walled: Host, inmate: Sandbox, template: Path) -> None:
    said(
        inmate,
        "echo 1 > /proc/sys/kernel/core_pattern; echo evil > /opt/tools/pkg/index.js; rm -rf ~/app/node_modules/*",
    )
    assert Path("/proc/sys/kernel/core_pattern").read_text() != "1\n"
    assert (template / "tools/pkg/index.js").read_text() == "// tools"
    assert (template / "shared/pkg/index.js").read_text() == "// shared"
    assert walled.create("web").files.read("/home/user/app/node_modules/pkg/index.js") == "// shared"


def test_a_root_host_lends_its_uid_to_nobody(walled: Host, inmate: Sandbox) -> None:
    """Its sandboxes get a uid that nobody has; an unprivileged host has only its own."""
    inmate.commands.run("sleep 4321", background=True)
    found = subprocess.run(["pgrep", "-xf", "sleep 4321"], capture_output=True, text=True, check=True)
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in found.stdout.split()}
    host = Path(f"/proc/{walled.process.pid}").stat().st_uid
    assert owners == {HOST_UID if host == 0 else host}
    inmate.commands.run("pkill -xf 'sleep 4321'")


def test_sandboxes_do_not_see_each_other(walled: Host, inmate: Sandbox) -> None:
    other = walled.create()
    other.files.write("/tmp/mine", "x")
    other.commands.run("sleep 543", background=True)
    other.commands.run("python3 -m http.server 7000", background=True)
    assert not inmate.files.exists("/tmp/mine")
    assert said(inmate, "pgrep -f 'sleep [5]43'") == ""
    assert "refused" in said(inmate, "exec 3<>/dev/tcp/127.0.0.1/7000")
    folder = walled.log.parent / "data/sandboxes" / other.sandbox_id
    assert "No such file" in said(inmate, f"ls {folder}")
    other.kill()


def test_token_of_one_sandbox_opens_no_other(host: Host, sandbox: Sandbox, shared: Sandbox) -> None:
    token = sandbox._envd_access_token
    assert token
    own = {"e2b-sandbox-id": sandbox.sandbox_id, "x-access-token": token}
    foreign = {**own, "e2b-sandbox-id": shared.sandbox_id}
    calls = [
        ("POST", "/filesystem.Filesystem/ListDir", {"json": {"path": "/"}}),
        ("POST", "/process.Process/Start", {"json": {"process": {"cmd": "id"}}}),
        ("GET", "/files?path=/etc/passwd", {}),
        ("POST", "/files?path=/tmp/x", {"content": b"x"}),
    ]
    for method, path, body in calls:
        assert httpx.request(method, host.url + path, headers=foreign, **body).status_code == 401
        bare = {"e2b-sandbox-id": shared.sandbox_id}
        assert httpx.request(method, host.url + path, headers=bare, **body).status_code == 401
    assert httpx.request(calls[0][0], host.url + calls[0][1], headers=own, json={"path": "/"}).status_code == 200
