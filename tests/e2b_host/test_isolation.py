"""What code in a sandbox cannot do."""

import os
from http.server import HTTPServer
from pathlib import Path

import httpx
import pytest
from e2b import NotFoundException, Sandbox

from .conftest import HOST_SECRET, Host

pytestmark = pytest.mark.sandbox


def output(sandbox: Sandbox, command: str) -> str:
    done = sandbox.commands.run(f"{{ {command}; }} 2>&1 || true", timeout=20)
    return done.stdout


def test_host_files_cannot_be_read_not_even_through_links(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(HOST_SECRET)
    with pytest.raises(NotFoundException):
        sandbox.files.read(str(secret))
    sandbox.commands.run(f"ln -s {secret} link && ln -s / slash")
    with pytest.raises(NotFoundException):
        sandbox.files.read("link")
    with pytest.raises(NotFoundException):
        sandbox.files.read(f"../../../../..{secret}")
    assert "No such file" in output(sandbox, f"cat slash{secret} /etc/shadow")


def test_host_processes_and_environment_cannot_be_seen(sandbox: Sandbox) -> None:
    assert output(sandbox, f"kill -0 {os.getpid()}").endswith("No such process\n")
    assert HOST_SECRET not in output(sandbox, "cat /proc/[0-9]*/environ | tr '\\0' '\\n'; env")
    assert int(output(sandbox, "ls -d /proc/[0-9]* | wc -l")) < 12


def test_nothing_runs_with_roots_uid_or_any_capability(sandbox: Sandbox) -> None:
    status = output(sandbox, "cat /proc/self/status")
    assert "CapEff:\t0000000000000000" in status
    assert "CapPrm:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert output(sandbox, "id -u") == "1000\n"
    mapped = dict(line.split()[:2] for line in output(sandbox, "cat /proc/self/uid_map").splitlines())
    assert mapped["1000"] != "0"


def test_the_kernels_switches_are_closed(sandbox: Sandbox) -> None:
    before = Path("/proc/sys/kernel/core_pattern").read_text()
    answer = output(sandbox, "echo '|/tmp/evil' > /proc/sys/kernel/core_pattern")
    assert "Read-only file system" in answer or "Permission denied" in answer
    assert Path("/proc/sys/kernel/core_pattern").read_text() == before
    assert output(sandbox, "unshare --user true").startswith("unshare:")
    assert output(sandbox, "mount -t tmpfs none /mnt") != ""
    assert "Read-only file system" in output(sandbox, "touch /usr/bin/evil") + output(sandbox, "touch /.envd/agent/x")


def test_mounts_of_mode_ro_stay_as_they_are(host: Host, template: Path) -> None:
    sandbox = host.create("web")
    assert "Read-only file system" in output(sandbox, "echo evil > /opt/tools/pkg/index.js")
    assert (template / "tools/pkg/index.js").read_text() == "// tools"
    sandbox.kill()


def test_network_is_reached_through_the_allow_list_only(host: Host, sandbox: Sandbox, reachable: HTTPServer) -> None:
    address = f"127.0.0.1:{reachable.server_port}"
    proxied = "curl -sS -m 10 --noproxy '' -x http://127.0.0.1:3128"
    assert output(sandbox, f"{proxied} http://{address}/") == "from outside"
    assert output(sandbox, f"{proxied} --proxytunnel http://{address}/") == "from outside"
    assert "not on the sandbox host's allow-list" in output(sandbox, f"{proxied} http://example.com/")
    assert "403" in output(sandbox, f"{proxied} https://example.com/")
    assert "403" in output(sandbox, f"{proxied} --proxytunnel {host.url}/health")
    assert "curl: (7)" in output(sandbox, f"curl -sS -m 5 --noproxy '*' http://{address}/")
    assert "unreachable" in output(sandbox, "exec 3<>/dev/tcp/1.1.1.1/443")
    assert f"sandbox {sandbox.sandbox_id}: no way out to example.com:443" in host.logged()


def test_sandbox_without_internet_gets_none(host: Host, reachable: HTTPServer) -> None:
    sandbox = host.create(allow_internet_access=False)
    address = f"127.0.0.1:{reachable.server_port}"
    answer = output(sandbox, f"curl -sS --noproxy '' -x http://127.0.0.1:3128 http://{address}/")
    assert answer == "this sandbox was created without internet access\n"
    sandbox.kill()


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


def test_sandboxes_do_not_see_each_other(sandbox: Sandbox, shared: Sandbox) -> None:
    sandbox.files.write("/tmp/mine", "x")
    sandbox.commands.run("sleep 543", background=True)
    sandbox.commands.run("python3 -m http.server 7000", background=True)
    assert not shared.files.exists("/tmp/mine")
    assert output(shared, "pgrep -f 'sleep [5]43'") == ""
    assert "refused" in output(shared, "exec 3<>/dev/tcp/127.0.0.1/7000")


def test_tmp_and_processes_are_bounded(sandbox: Sandbox) -> None:
    assert "No space left" in output(sandbox, "head -c 600M /dev/zero > /tmp/big")
    sandbox.commands.run("rm -f /tmp/big")
    assert output(sandbox, "ulimit -c; ulimit -u; cat /proc/self/oom_score_adj").split() == ["0", "2048", "500"]
