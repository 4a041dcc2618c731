"""Files through the SDK."""

import io
import time

import httpx
import pytest
from e2b import FileNotFoundException, FileType, NotFoundException, Sandbox
from e2b.sandbox.filesystem.filesystem import WriteEntry

from .conftest import Host

pytestmark = pytest.mark.sandbox


def test_text_bytes_and_streams_come_back_as_written(shared: Sandbox) -> None:
    binary = bytes(range(256)) * 20_000
    shared.files.write("deep/er/text.txt", "grüße\n")
    shared.files.write("binary", binary)
    shared.files.write("streamed", io.BytesIO(binary))
    assert shared.files.read("deep/er/text.txt") == "grüße\n"
    assert bytes(shared.files.read("binary", format="bytes")) == binary
    assert b"".join(shared.files.read("streamed", format="stream")) == binary


def test_shorter_file_leaves_nothing_of_a_longer_one(shared: Sandbox) -> None:
    for text in ("a long text\n" * 100, "short", ""):
        shared.files.write("rewritten", text)
        assert shared.files.read("rewritten") == text


def test_many_files_are_written_in_one_call(shared: Sandbox) -> None:
    entries: list[WriteEntry] = [{"path": f"many/{n}.txt", "data": str(n)} for n in range(50)]
    assert len(shared.files.write_files(entries)) == 50
    assert {entry.name for entry in shared.files.list("many")} == {f"{n}.txt" for n in range(50)}
    assert shared.files.read("many/7.txt") == "7"


def test_gzipped_upload_is_unpacked(shared: Sandbox) -> None:
    text = "again and again " * 10_000
    shared.files.write("zipped.txt", text, gzip=True)
    assert shared.files.read("zipped.txt", gzip=True) == text
    assert shared.commands.run("wc -c < zipped.txt").stdout.strip() == str(len(text))


def test_directories_are_made_listed_moved_and_removed(shared: Sandbox) -> None:
    assert shared.files.make_dir("house/room")
    assert not shared.files.make_dir("house/room")
    shared.files.write("house/room/lamp", "on")
    depth_two = {(entry.path, entry.type) for entry in shared.files.list("house", depth=2)}
    assert depth_two == {("/home/user/house/room", FileType.DIR), ("/home/user/house/room/lamp", FileType.FILE)}
    moved = shared.files.rename("house/room/lamp", "house/cellar/lamp")
    assert moved.path == "/home/user/house/cellar/lamp"
    assert shared.files.get_info("house/cellar/lamp").size == 2
    shared.files.remove("house")
    assert not shared.files.exists("house")
    with pytest.raises(NotFoundException):
        shared.files.list("house")


def test_a_file_is_never_taken_to_end_where_its_sandbox_did(host: Host) -> None:
    sandbox = host.create()
    sandbox.commands.run("head -c 32M /dev/urandom > large")
    pieces = sandbox.files.read("large", format="stream")
    next(pieces)
    sandbox.kill()
    with pytest.raises(httpx.RemoteProtocolError):
        list(pieces)


def test_missing_file_is_a_file_not_found(shared: Sandbox) -> None:
    with pytest.raises(FileNotFoundException):
        shared.files.read("never-written")


def test_watcher_reports_changes_below_its_directory(shared: Sandbox) -> None:
    shared.files.make_dir("watched")
    handle = shared.files.watch_dir("watched", recursive=True)
    shared.files.write("watched/sub/new.txt", "x")
    shared.commands.run("rm watched/sub/new.txt")
    events, deadline = set[tuple[str, str]](), time.monotonic() + 3
    while ("sub/new.txt", "remove") not in events and time.monotonic() < deadline:
        events |= {(event.name, event.type.value) for event in handle.get_new_events()}
    handle.stop()
    assert {("sub", "create"), ("sub/new.txt", "create"), ("sub/new.txt", "remove")} <= events


def test_signed_url_opens_one_file_to_who_holds_no_token(shared: Sandbox) -> None:
    import httpx

    shared.files.write("public.txt", "for you")
    url = shared.download_url("public.txt", use_signature_expiration=60)
    assert httpx.get(url).text == "for you"
    assert httpx.get(url.replace("public.txt", "private.txt")).status_code in (401, 502)
