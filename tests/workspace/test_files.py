"""The sandbox's files are the project's, to the byte."""

import asyncio
from collections.abc import Sequence

import pytest

from backend.diffs import sha256
from backend.domain import MAX_FILE_BYTES, FileStatus
from backend.workspace import FileMissing, PathRefused
from backend.workspace.contract import Written
from backend.workspace.e2b import E2BWorkspace
from backend.workspace.files import LISTING, parse_listing
from backend.workspace.paths import generated
from backend.workspace.starter import starter_files

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio(loop_scope="session")]


async def in_sandbox(workspace: E2BWorkspace) -> dict[str, str]:
    """path → sha256, as the sandbox itself sees it."""
    listing = parse_listing((await workspace.inspect(LISTING)).stdout)
    return {path: digest for path, digest in listing.items() if not generated(path)}


def digests(workspace: E2BWorkspace) -> dict[str, str]:
    return {path: sha256(content) for path, content in workspace.files.items()}


def told(written: Sequence[Written]) -> dict[str, str]:
    return {w.change.path: w.change.status.value for w in written}


async def test_opening_leaves_exactly_the_given_files(workspace: E2BWorkspace):
    await workspace.inspect(
        "echo SECRET=1 > .env.local; mkdir -p extra/deep; echo x > extra/deep/file.txt; echo broken > app/page.tsx; "
        "rm lib/utils.ts; ln -s /etc/passwd link.txt; head -c 2000000 /dev/zero > huge.bin; mkfifo pipe; touch node_modules/kept"
    )
    files = starter_files() | {
        "app/[id]/(group)/größe 'x' \"y\".ts": b"export {}\n",
        "empty.txt": b"",
        "bin.dat": b"\0\xff\n",
    }
    await workspace.mirror(files)
    assert await in_sandbox(workspace) == {path: sha256(content) for path, content in files.items()}
    left = await workspace.inspect("ls -a . extra 2>&1; ls node_modules/kept")
    assert ".env.local" not in left.stdout
    assert "link.txt" not in left.stdout
    assert "pipe" not in left.stdout
    assert "huge.bin" not in left.stdout
    assert "node_modules/kept" in left.stdout


async def test_written_moved_and_deleted_files_are_so_in_the_sandbox(workspace: E2BWorkspace):
    written = await workspace.write({"app/a/one.ts": b"1\n", "./app/a/two.ts": b"2\n", "lib/utils.ts": None})
    assert told(written) == {"app/a/one.ts": "A", "app/a/two.ts": "A", "lib/utils.ts": "D"}
    assert [w.content for w in written] == [b"1\n", b"2\n", None]
    moved = await workspace.move("app/a", "app/b")
    assert told(moved) == {"app/a/one.ts": "D", "app/a/two.ts": "D", "app/b/one.ts": "A", "app/b/two.ts": "A"}
    assert await in_sandbox(workspace) == digests(workspace)
    assert (await workspace.inspect("ls -d app/a")).exit_code != 0


async def test_an_unchanged_file_is_no_change(workspace: E2BWorkspace):
    assert await workspace.write({"app/page.tsx": workspace.files["app/page.tsx"], "not/there.ts": None}) == []


async def test_when_one_path_is_refused_nothing_is_written(workspace: E2BWorkspace):
    before = dict(workspace.files)
    for path in ("../outside.ts", "node_modules/x/index.js", ".env", "app/page.tsx/below.ts", "app"):
        with pytest.raises(PathRefused):
            await workspace.write({"fine.ts": b"export {}\n", path: b"x"})
    with pytest.raises(PathRefused, match="bytes"):
        await workspace.write({"fine.ts": b"export {}\n", "huge.txt": b"x" * (MAX_FILE_BYTES + 1)})
    assert workspace.files == before
    assert "fine.ts" not in await in_sandbox(workspace)


async def test_a_file_may_take_the_place_of_a_folder_and_back(workspace: E2BWorkspace):
    await workspace.write({"thing/inner.ts": b"1\n"})
    await workspace.write({"thing/inner.ts": None, "thing": b"now a file\n"})
    assert await in_sandbox(workspace) == digests(workspace)
    await workspace.write({"thing": None, "thing/inner.ts": b"2\n"})
    assert await in_sandbox(workspace) == digests(workspace)


async def test_what_a_command_left_in_a_files_way_gives_way(workspace: E2BWorkspace):
    await workspace.run(
        "mkdir -p ../elsewhere folder.ts/deep; ln -s ../elsewhere linked; ln -s ../elsewhere link.ts; "
        "touch folder.ts/.env; mkfifo pipe pipe.ts; head -c 2000000 /dev/zero > large"
    )
    names = ["linked/deep/one.ts", "folder.ts", "link.ts", "pipe/one.ts", "pipe.ts", "large/one.ts"]
    await workspace.write({name: name.encode() for name in names})
    assert await in_sandbox(workspace) == digests(workspace)
    assert (await workspace.inspect("ls ../elsewhere")).stdout == ""


async def test_what_is_in_the_way_of_a_file_that_was_there_gives_way_too(workspace: E2BWorkspace):
    await workspace.write({"lib/one.ts": b"1\n", "lib/two.ts": b"2\n"})
    await workspace.inspect("rm lib/one.ts; mkdir -p lib/one.ts/deep")
    await workspace.write({"lib/one.ts": b"one\n", "lib/two.ts": b"two\n"})
    assert await in_sandbox(workspace) == digests(workspace)
    assert (await workspace.inspect("ls -A ../.codeflow")).stdout == ""


async def test_moves_that_cannot_be_are_refused(workspace: E2BWorkspace):
    await workspace.write({"a/one.ts": b"1\n", "b/one.ts": b"2\n"})
    with pytest.raises(FileMissing):
        await workspace.move("nowhere.ts", "x.ts")
    with pytest.raises(PathRefused, match="there already"):
        await workspace.move("a/one.ts", "b/one.ts")
    with pytest.raises(PathRefused, match="into itself"):
        await workspace.move("a", "a/deeper")


async def test_nobody_ever_reads_half_a_file(workspace: E2BWorkspace):
    old, new = b"a" * 900_000, b"b" * 900_000
    await workspace.write({"watched.txt": old})
    reader = asyncio.create_task(
        workspace.inspect("for i in $(seq 400); do sha256sum watched.txt 2>&1; done | sort | uniq -c")
    )
    while not reader.done():
        await workspace.write({"watched.txt": new})
        await workspace.write({"watched.txt": old})
    seen = {line.split()[1] for line in (await reader).stdout.splitlines()}
    assert seen == {sha256(old), sha256(new)}


async def test_reading_is_exact_and_what_is_not_there_is_told_with_a_hint(workspace: E2BWorkspace):
    await workspace.write({"lib/text.ts": "größe\r\n".encode(), "pic.png": b"\x89PNG\0"})
    assert await workspace.read("./lib/text.ts") == "größe\r\n"
    with pytest.raises(FileMissing, match=r"lib/text\.ts"):
        await workspace.read("text.ts")
    with pytest.raises(FileMissing, match="binary"):
        await workspace.read("pic.png")


async def test_search_finds_lines_by_pattern_and_glob(workspace: E2BWorkspace):
    await workspace.write(
        {"lib/a.ts": b"const one = 1\nconst two = 2\n", "lib/b.css": b"const one\n", "bin.dat": b"const one\0"}
    )
    found = await workspace.search(r"const \w+ = \d", "lib/**/*.ts")
    assert [(m.path, m.line, m.text) for m in found] == [
        ("lib/a.ts", 1, "const one = 1"),
        ("lib/a.ts", 2, "const two = 2"),
    ]
    assert {m.path for m in await workspace.search("const one")} == {"lib/a.ts", "lib/b.css"}
    assert await workspace.search("no such text anywhere") == []


async def test_what_is_no_pattern_is_searched_for_as_text(workspace: E2BWorkspace):
    await workspace.write({"lib/a.ts": b"call(\n"})
    assert [m.path for m in await workspace.search("call(")] == ["lib/a.ts"]


async def test_a_pattern_that_backtracks_forever_costs_seconds_at_most(workspace: E2BWorkspace):
    await workspace.write({"lib/a.ts": b"a" * 5_000 + b"!\n"})
    await asyncio.wait_for(workspace.search(r"(a+)+(a+)+(a+)+$"), timeout=15)


async def test_what_a_command_changed_is_found_with_its_diff(workspace: E2BWorkspace):
    await workspace.write({"old.txt": b"1\n2\n3\n", "gone.txt": b"x\n"})
    done = await workspace.run(
        "sed -i s/2/two/ old.txt; rm gone.txt; printf '\\0\\1' > new.bin; mkdir -p d && echo hi > d/new.txt; "
        "echo A=1 > .env; touch node_modules/x .next/y tsconfig.tsbuildinfo; ln -s /etc/passwd link; "
        "head -c 1500000 /dev/zero > big.bin"
    )
    changes = {w.change.path: w.change for w in done.written}
    assert {path: change.status for path, change in changes.items()} == {
        "old.txt": FileStatus.MODIFIED,
        "gone.txt": FileStatus.DELETED,
        "new.bin": FileStatus.ADDED,
        "d/new.txt": FileStatus.ADDED,
    }
    assert changes["old.txt"].diff == "@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n"
    assert workspace.files["new.bin"] == b"\0\1"
    assert "big.bin" in done.output
    assert (await workspace.run("true")).written == []


async def test_more_than_a_project_can_hold_is_refused_until_it_is_removed(
    workspace: E2BWorkspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("backend.workspace.files.MAX_TAKEN_BYTES", 1_000_000)
    before = digests(workspace)
    for _ in ("first", "replayed"):
        with pytest.raises(PathRefused, match="Remove"):
            await workspace.run("mkdir dump; for i in 1 2; do head -c 600000 /dev/zero > dump/$i; done", key="dump")
    assert digests(workspace) == before
    assert told((await workspace.run("rm dump/2")).written) == {"dump/1": "A"}
    assert await in_sandbox(workspace) == digests(workspace)
