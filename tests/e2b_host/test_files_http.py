"""`/files` as HTTP has it: parts, conditions, encodings, metadata, forms, and clients that leave."""

import gzip
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from e2b import InvalidArgumentException, Sandbox

from .conftest import Host

pytestmark = pytest.mark.sandbox
DIGITS = b"0123456789"


@pytest.fixture(scope="module")
def http(host: Host, shared: Sandbox) -> Iterator[httpx.Client]:
    shared.files.write("digits", DIGITS)
    with host.envd(shared) as client:
        yield client


def get(http: httpx.Client, path: str = "digits", method: str = "GET", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.request(method, "/files", params={"path": path}, headers=named)


@pytest.mark.parametrize(
    ("asked", "content", "described"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", DIGITS, "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ],
)
def test_part_of_a_file(http: httpx.Client, asked: str, content: bytes, described: str) -> None:
    part = get(http, range=asked, accept_encoding="gzip")
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, content, described)
    assert "content-encoding" not in part.headers


@pytest.mark.parametrize("asked", ["bytes=1-2,4-5", "lines=1-2", "bytes=5-2", "bytes=a-b"])
def test_what_is_no_single_range_gets_the_whole(http: httpx.Client, asked: str) -> None:
    whole = get(http, range=asked)
    assert (whole.status_code, whole.content) == (200, DIGITS)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_part_outside_of_the_file_is_refused_with_its_size(http: httpx.Client, asked: str) -> None:
    refused = get(http, range=asked)
    assert (refused.status_code, refused.headers["content-range"]) == (416, "bytes */10")


def test_part_is_only_of_the_version_the_client_has(http: httpx.Client) -> None:
    etag = get(http).headers["etag"]
    assert get(http, range="bytes=0-0", if_range=etag).status_code == 206
    assert get(http, range="bytes=0-0", if_range='"another"').content == DIGITS
    assert get(http, if_none_match=etag).status_code == 304
    assert get(http, if_modified_since=get(http).headers["last-modified"]).status_code == 304
    assert get(http, if_none_match='"another"').status_code == 200


def test_head_tells_without_content(http: httpx.Client) -> None:
    told = get(http, method="HEAD")
    assert (told.status_code, told.content, told.headers["content-length"]) == (200, b"", "10")
    assert told.headers["accept-ranges"] == "bytes"
    assert get(http, method="HEAD", range="bytes=2-4").headers["content-range"] == "bytes 2-4/10"


def test_encoding_is_one_the_client_takes(http: httpx.Client) -> None:
    assert get(http, accept_encoding="gzip").headers["content-encoding"] == "gzip"
    assert get(http, accept_encoding="gzip").content == DIGITS
    assert "content-encoding" not in get(http, accept_encoding="gzip;q=0, identity").headers
    assert get(http, accept_encoding="br, identity;q=0").status_code == 406


def post(http: httpx.Client, content: bytes, **headers: str) -> httpx.Response:
    named = {"content-type": "application/octet-stream"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return http.post("/files", params={"path": "posted"}, content=content, headers=named)


def test_damaged_upload_is_refused_and_leaves_no_file(http: httpx.Client, shared: Sandbox) -> None:
    for content in (b"no gzip at all", gzip.compress(DIGITS * 1000)[:-9]):
        assert post(http, content, content_encoding="gzip").status_code == 400
    assert post(http, DIGITS, content_encoding="br").status_code == 400
    assert post(http, b"--x\r\nno form", content_type="multipart/form-data; boundary=x").status_code == 400
    assert post(http, DIGITS, content_type="multipart/form-data").status_code == 400
    assert not shared.files.exists("posted")


def test_metadata_lives_with_the_file_until_it_is_written_again(shared: Sandbox) -> None:
    shared.files.write("tagged", "x", metadata={"author": "ada", "kind": "note"})
    assert shared.files.get_info("tagged").metadata == {"author": "ada", "kind": "note"}
    shared.files.write("tagged", "y", metadata={"author": "bob"})
    assert shared.files.get_info("tagged").metadata == {"author": "bob"}
    shared.files.write("tagged", "z")
    assert not shared.files.get_info("tagged").metadata


def test_metadata_that_cannot_be_kept_is_refused(http: httpx.Client, shared: Sandbox) -> None:
    assert post(http, b"x", x_metadata_long="v" * 5000).status_code == 400
    assert post(http, b"x", **{"x-metadata-" + "k" * 300: "v"}).status_code == 400
    with pytest.raises(InvalidArgumentException):
        shared.files.write("tagged", "x", metadata={"name": "größe"})


def test_field_of_a_form_goes_where_the_query_says(http: httpx.Client, shared: Sandbox) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nno name of its own\r\n--x--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert http.post("/files", params={"path": "field"}, content=body, headers=headers).status_code == 200
    assert shared.files.read("field") == "no name of its own"


def test_upload_that_breaks_off_leaves_nothing(host: Host, http: httpx.Client, shared: Sandbox) -> None:
    address = urlsplit(host.url)
    assert address.hostname
    assert address.port
    before = host.calls(shared)
    with socket.create_connection((address.hostname, address.port)) as connection:
        lines = ["POST /files?path=half HTTP/1.1", f"host: {address.netloc}", "content-length: 1000000"]
        lines += [f"{name}: {value}" for name, value in http.headers.items() if name.startswith(("e2b", "x-"))]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + DIGITS * 5000)
        deadline = time.monotonic() + 60
        while not shared.files.exists("half") and time.monotonic() < deadline:
            time.sleep(0.02)
        assert shared.files.exists("half")
    while (shared.files.exists("half") or host.calls(shared) != before) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not shared.files.exists("half")


def test_large_file_passes_in_pieces(host: Host, shared: Sandbox) -> None:
    def resident_mb() -> int:
        return int(Path(f"/proc/{host.process.pid}/statm").read_text().split()[1]) * 4096 // 2**20

    before = resident_mb()
    shared.commands.run("head -c 96M /dev/zero > large")
    pieces = shared.files.read("large", format="stream")
    total = sum(len(piece) for piece in pieces)
    shared.files.remove("large")
    assert total == 96 * 2**20
    assert resident_mb() - before < 48
