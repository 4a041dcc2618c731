import subprocess
from pathlib import Path

import pytest

from backend.diffs import MAX_LINES_COMPARED, file_change, sha256
from backend.domain import FileChange, FileStatus


def change(before: bytes | None, after: bytes | None) -> FileChange:
    found = file_change("a.txt", before, after)
    assert found is not None
    return found


def numbered(count: int, changed: int | None = None) -> bytes:
    return b"".join(b"changed\n" if n == changed else b"line %d\n" % n for n in range(count))


def test_an_equal_file_is_no_change():
    assert file_change("a.txt", b"x", b"x") is None
    assert file_change("a.txt", None, None) is None


def test_a_new_file_counts_its_lines():
    found = change(None, b"one\ntwo\n")
    assert (found.status, found.added, found.removed) == (FileStatus.ADDED, 2, 0)
    assert found.diff == "@@ -0,0 +1,2 @@\n+one\n+two\n"
    assert found.sha256 == sha256(b"one\ntwo\n")


def test_a_deleted_file_has_no_content():
    found = change(b"one\n", None)
    assert (found.status, found.added, found.removed, found.sha256) == (FileStatus.DELETED, 0, 1, None)


def test_binary_files_have_no_diff():
    for binary in (b"\x89PNG\0\0", b"\xff\xfe\xfd"):
        found = change(b"text\n", binary)
        assert (found.added, found.removed, found.diff) == (0, 0, "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nb\nc\n", b"a\nB\nc\n"),
        (b"a\nb", b"a\nb\n"),
        (b"a\nb\n", b"a\nb"),
        (b"", b"only"),
        (b"a\r\nb\r\n", b"a\r\nc\r\n"),
        (b"a\x0cb\n\xe2\x80\xa8c\n", b"a\x0cb\n\xe2\x80\xa8d\n"),
        (b"--- a\n+++ b\n", b"--- a\n++ b\n"),
        (numbered(50), numbered(50, changed=25)),
        (numbered(MAX_LINES_COMPARED), numbered(MAX_LINES_COMPARED, changed=900)),
        (numbered(MAX_LINES_COMPARED), numbered(MAX_LINES_COMPARED, changed=0)),
        (numbered(MAX_LINES_COMPARED), b""),
    ],
)
def test_patch_makes_the_new_file_from_the_old_one_and_the_diff(before: bytes, after: bytes, tmp_path: Path):
    file = tmp_path / "a.txt"
    file.write_bytes(before)
    patch = b"--- a.txt\n+++ a.txt\n" + change(before, after).diff.encode()
    subprocess.run(["patch", "--binary", str(file)], input=patch, check=True, capture_output=True)
    left = file.read_bytes() if file.exists() else b""
    assert left == after


@pytest.mark.timeout(30)
def test_two_huge_files_with_nothing_in_common_are_compared_at_once():
    found = change(numbered(30_000), b"".join(b"other %d\n" % n for n in range(30_000)))
    assert (found.added, found.removed) == (30_000, 30_000)
