"""Templates: what a sandbox is made from.

A template is a directory with a `template.json`:

- `files`: directory whose tree is copied over the sandbox's root, e.g. holding `home/user/app/…`
- `mounts`: `[{"source", "target", "mode"}]`, host directories seen in the sandbox; mode `ro`, or `overlay`: writable,
  each sandbox's writes its own. When the host runs as root, the sandboxes' user comes to own the sources of overlays.
- `envs`: environment of every process
- `start_cmd`: shell command started at boot as the user
- `ready_port`: port that answers HTTP once the sandbox is ready; a pooled sandbox is handed over only after that

Relative host paths start at the template's directory.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

MountMode = Literal["ro", "overlay"]
BARE = "base"
"""The template that is always there: an empty home."""


class TemplateError(Exception):
    """A template cannot be used; the operator acts."""


@dataclass(frozen=True)
class Mount:
    source: Path
    target: str
    mode: MountMode


@dataclass(frozen=True)
class Template:
    name: str
    files: Path | None = None
    mounts: tuple[Mount, ...] = ()
    envs: Mapping[str, str] = field(default_factory=dict)
    start_cmd: str | None = None
    ready_port: int | None = None

    @property
    def mounted(self) -> tuple[str, ...]:
        """What a disk made from it relies on."""
        return tuple(f"{mount.mode} {mount.target}" for mount in self.mounts)


def load(name: str, directory: Path) -> Template:
    """Read `directory/template.json`; raises `TemplateError` with what is wrong with it."""
    path = directory / "template.json"
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        raise TemplateError(f"template {name!r}: cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise TemplateError(f"template {name!r}: {path} is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise TemplateError(f"template {name!r}: {path} must hold an object")
    if unknown := data.keys() - {"files", "mounts", "envs", "start_cmd", "ready_port"}:
        raise TemplateError(f"template {name!r}: unknown keys {', '.join(sorted(unknown))}")
    files = _directory(name, directory, data["files"]) if data.get("files") else None
    return Template(
        name=name,
        files=files,
        mounts=tuple(_mount(name, directory, mount) for mount in data.get("mounts") or ()),
        envs={str(key): str(value) for key, value in (data.get("envs") or {}).items()},
        start_cmd=data.get("start_cmd"),
        ready_port=data.get("ready_port"),
    )


def _mount(name: str, directory: Path, data: dict[str, Any]) -> Mount:
    try:
        source, target, mode = data["source"], data["target"], data.get("mode", "ro")
    except (KeyError, TypeError) as error:
        raise TemplateError(f"template {name!r}: a mount needs source and target: {data}") from error
    if mode not in ("ro", "overlay"):
        raise TemplateError(f"template {name!r}: mount mode {mode!r} is neither ro nor overlay")
    if not target.startswith("/") or ".." in Path(target).parts:
        raise TemplateError(f"template {name!r}: mount target {target!r} must be an absolute path")
    return Mount(_directory(name, directory, source), target, cast(MountMode, mode))


def _directory(name: str, base: Path, value: str) -> Path:
    path = (base / value).resolve()
    if not path.is_dir():
        raise TemplateError(f"template {name!r}: {path} is not a directory")
    return path
