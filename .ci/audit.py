"""Known vulnerabilities in the packages CodeFlow installs, here and in its sandboxes. Needs the network.

What could not be looked up is named as `not audited`, with the reason. Exit status 1 when something was found.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backend.config import ROOT
from backend.workspace.provision_node import node_runtime

PROBE = "idna==3.7"
"""Asked first: a service that does not know this one knows none."""
SERVICES = ("pypi", "osv")
SERIOUS = ("high", "critical")
LIMIT_S = 300


def main() -> int:
    found = audit_python(ROOT / "requirements.txt")
    for lock in sorted(ROOT.glob("template/**/package-lock.json")) + sorted(ROOT.glob("tests/*/package-lock.json")):
        if "node_modules" not in lock.parts:
            found += audit_npm(lock.parent)
    return 1 if found else 0


def audit_python(requirements: Path) -> int:
    """How many packages have a known vulnerability."""
    reasons = []
    for service in SERVICES:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as probe:
            probe.write(PROBE)
            probe.flush()
            answers, reason = pip_audit(service, Path(probe.name))
        if answers and "skip_reason" not in answers[0]:
            packages, reason = pip_audit(service, requirements)
            if packages:
                return tell_python(packages)
        reasons.append(f"{service}: {reason or answers[0]['skip_reason']}")
    print(f"not audited: requirements.txt ({'; '.join(reasons)})")
    return 0


def pip_audit(service: str, requirements: Path) -> tuple[list[dict[str, Any]], str]:
    """What it says of each package; or why it says nothing."""
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--aliases", "off"]
    command = [sys.executable, "-m", "pip_audit", "-s", service, "-r", str(requirements), *options]
    status, out, words = run(command, ROOT)
    try:
        return json.loads(out)["dependencies"], ""
    except (ValueError, KeyError):
        return [], words or f"pip-audit ended with status {status}"


def tell_python(packages: Sequence[dict[str, Any]]) -> int:
    vulnerable = [package for package in packages if package.get("vulns")]
    for package in vulnerable:
        for vulnerability in package["vulns"]:
            fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
            print(f"VULNERABLE: {package['name']} {package['version']}: {vulnerability['id']}, fixed in {fixed}")
    skipped = [package for package in packages if "skip_reason" in package]
    for package in skipped:
        print(f"not audited: {package['name']} ({package['skip_reason']})")
    print(f"audited: {len(packages) - len(skipped)} Python packages, {len(vulnerable)} vulnerable")
    return len(vulnerable)


def audit_npm(folder: Path) -> int:
    """How many packages have a serious known vulnerability."""
    name = folder.relative_to(ROOT)
    node = node_runtime()
    status, out, words = run([node.executable, node.npm, "audit", "--package-lock-only", "--json"], folder)
    try:
        counts = json.loads(out)["metadata"]["vulnerabilities"]
    except (ValueError, KeyError):
        print(f"not audited: {name}/package-lock.json ({words or f'npm ended with status {status}'})")
        return 0
    serious = sum(counts[severity] for severity in SERIOUS)
    print(
        f"{'VULNERABLE' if serious else 'audited'}: {name}: {counts['total']} vulnerable packages, {serious} seriously"
    )
    return serious


def run(command: Sequence[str | Path], folder: Path) -> tuple[int, str, str]:
    """Status, what was printed, and its last words."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return -1, "", f"{Path(command[0]).name}: {type(error).__name__}"
    complaints = [line for line in done.stderr.splitlines() if line.strip() and "log of this run" not in line]
    return done.returncode, done.stdout, complaints[-1].strip()[:120] if complaints else ""


if __name__ == "__main__":
    sys.exit(main())
