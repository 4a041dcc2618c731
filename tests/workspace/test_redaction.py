"""No value gets through, however it comes: in pieces, encoded, or beside others."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.workspace.redaction import MIN_CHARS, RedactedStream, Redaction

SECRET = 'pa"ss wörd/+&1'
VALUES = {"TOKEN": SECRET, "LONGER": f"{SECRET}-and-more", "SHORT": "abc12", "OTHER": "aaaabaaaab"}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    before=st.text(max_size=40),
    after=st.text(max_size=40),
    name=st.sampled_from(["TOKEN", "LONGER", "OTHER"]),
    cuts=st.lists(st.integers(0, 120), max_size=6),
)
def test_in_pieces_it_is_what_it_is_whole(before: str, after: str, name: str, cuts: list[int]) -> None:
    text = before + VALUES[name] + after
    redaction = Redaction(VALUES)
    stream, told, last = RedactedStream(redaction), "", 0
    for cut in [*sorted(cuts), len(text)]:
        told += stream.add(text[last:cut])
        last = max(last, cut)
    assert told + stream.rest() == redaction.text(text)
    assert VALUES[name] not in redaction.text(text)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(max_size=12), st.binary(max_size=12))
def test_base64_of_a_text_with_a_value_in_it_does_not_tell_it(before: bytes, after: bytes) -> None:
    told = Redaction({"TOKEN": SECRET}).text(base64.b64encode(before + SECRET.encode() + after).decode())
    assert "‹TOKEN›" in told
    left = told.replace("‹TOKEN›", "")
    assert len(left) <= len(base64.b64encode(before + after)) + 8


@pytest.mark.parametrize(
    "text",
    [SECRET, json.dumps({"a": SECRET}), json.dumps(SECRET, ensure_ascii=False), quote(SECRET), quote(SECRET, safe="")],
)
def test_forms_that_programs_print(text: str) -> None:
    assert "‹TOKEN›" in Redaction({"TOKEN": SECRET}).text(text)


def test_a_longer_value_is_not_taken_for_one_it_begins_with() -> None:
    assert Redaction(VALUES).text(f"x {VALUES['LONGER']} y") == "x ‹LONGER› y"


def test_values_as_short_as_words_are_left_alone() -> None:
    assert len(VALUES["SHORT"]) < MIN_CHARS
    assert Redaction(VALUES).text("abc123 abc12") == "abc123 abc12"


def test_words_that_the_project_has_anyway_stay_in_its_files() -> None:
    values = {"APP_NAME": "Orbit Cats", "NEXT_PUBLIC_TITLE": "All about cats", "TOKEN": SECRET}
    page = f"Orbit Cats: All about cats {SECRET}".encode()
    beyond = Redaction(values).beyond([b"<h1>Orbit Cats</h1>", b"export {}"])
    assert beyond.content(page) == "Orbit Cats: All about cats ‹TOKEN›".encode()


def test_without_values_nothing_is_held_back() -> None:
    stream = RedactedStream(Redaction({}))
    assert stream.add("anything") == "anything"
