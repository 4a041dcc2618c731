"""What holds for every file and every edit."""

import re
import unicodedata

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from backend.agent.edits import Edit, EditFailed, apply_edits, replace_once
from tests.agent.desk import Desk
from tests.agent.doubles import MemoryWorkspace

quick = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    database=None,
    derandomize=True,
)

WORDS = st.sampled_from(
    ["const", "total", "=", "<div>", "</div>", "“quoted”", "'it’s'", "café", "=>", "{", "}", "1;", "a.b", "–", "…"]
)
BODIES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
INDENTS = st.sampled_from(["", "  ", "    ", "\t", "\t\t"])


@st.composite
def files(draw: st.DrawFn, least: int = 1, most: int = 14) -> list[str]:
    """Lines that each stand once in the file, with blank ones between."""
    bodies = draw(st.lists(BODIES, min_size=least, max_size=most))
    lines = [
        f"{draw(INDENTS)}{body} n{number}n{draw(st.sampled_from(['', ' ', '  ']))}"
        for number, body in enumerate(bodies)
    ]
    for _ in range(draw(st.integers(0, 3))):
        lines.insert(draw(st.integers(1, len(lines))), "")
    return lines


@st.composite
def regions(draw: st.DrawFn) -> tuple[list[str], int, int]:
    lines = draw(files())
    start = draw(st.integers(0, len(lines) - 1))
    end = draw(st.integers(start + 1, len(lines)))
    assume(lines[start].strip() and lines[end - 1].strip())
    return lines, start, end


NEW = st.lists(st.sampled_from(["put one", "  put two", "\tput three", "", "put “four”"]), min_size=1, max_size=4)


@quick
@given(regions(), NEW, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_exact_text_is_replaced_exactly(region, new, ending, last):
    lines, start, end = region
    text = ending.join(lines) + ending * last
    old = "\n".join(lines[start:end])
    result = replace_once(text, old, "\n".join(new))
    assert result == ending.join([*lines[:start], *new, *lines[end:]]) + ending * last


@quick
@given(regions(), st.data())
def test_any_piece_that_stands_once_is_replaced_whatever_it_begins_and_ends_with(region, data):
    lines, _, _ = region
    text = "\n".join(lines)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    old = text[start:end]
    assume(old.strip() == old)
    if len(re.findall(f"(?={re.escape(old)})", text)) > 1:
        with pytest.raises(EditFailed, match="times"):
            replace_once(text, old, "put")
    else:
        assert replace_once(text, old, "put") == text[:start] + "put" + text[end:]


def drifted(draw: st.DrawFn, line: str) -> str:
    """The line as a model may remember it."""
    body = line.strip().translate(str.maketrans("“”’–", '""\'-'))
    body = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), body)
    return draw(INDENTS) + body + draw(st.sampled_from(["", " ", "\t"])) if body else body


@quick
@given(regions(), st.sampled_from(["\n", "\r\n"]), st.data())
def test_drift_in_spacing_quotes_and_letters_moves_no_edit_and_touches_no_other_line(region, ending, data):
    lines, start, end = region
    drift = st.composite(lambda draw: "\n".join(drifted(draw, line) for line in lines[start:end]))()
    result = replace_once(ending.join(lines), data.draw(drift), "put here")
    after = result.split(ending)
    assert after[:start] == lines[:start]
    assert after[start].strip() == "put here"
    assert after[start + 1 :] == lines[end:]


@quick
@given(regions(), st.data())
def test_lines_that_an_edit_repeats_keep_the_files_own_letters_and_quotes(region, data):
    lines, start, end = region
    drift = st.composite(lambda draw: [drifted(draw, line) for line in lines[start:end]])()
    old = data.draw(drift)
    result = replace_once("\n".join(lines), "\n".join(old), "\n".join([*old, "put here"]))
    kept = [line.strip() for line in result.split("\n")]
    assert [line for line in kept if line != "put here"] == [line.strip() for line in lines]


@quick
@given(regions(), NEW)
def test_text_that_stands_twice_is_always_refused(region, new):
    lines, start, end = region
    text = "\n".join([*lines, "between", *lines])
    with pytest.raises(EditFailed, match="2 times"):
        replace_once(text, "\n".join(lines[start:end]), "\n".join(new) + " ")


@quick
@given(regions(), st.sampled_from(["\n", "\r\n"]))
def test_edit_that_changes_nothing_is_always_refused(region, ending):
    lines, start, end = region
    old = "\n".join(lines[start:end])
    with pytest.raises(EditFailed):
        replace_once(ending.join(lines), old, old)


@st.composite
def several(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int, str]]]:
    lines = draw(files(least=4))
    numbered = [n for n, line in enumerate(lines) if line.strip()]
    chosen = draw(st.lists(st.sampled_from(numbered), min_size=2, max_size=4, unique=True))
    return lines, [(n, n + 1, f"put {n}") for n in chosen]


@quick
@given(several(), st.sampled_from(["\n", "\r\n"]))
def test_several_edits_do_what_each_would_do_in_whatever_order_they_come(case, ending):
    lines, changes = case
    text = ending.join(lines)
    applied = apply_edits(text, [Edit(lines[start], put) for start, _, put in changes])
    wanted = list(lines)
    for start, _, put in changes:
        wanted[start] = put
    assert applied.text == ending.join(wanted)
    shown = [line for first, last in applied.regions for line in applied.text.split(ending)[first:last]]
    assert shown == [put for _, _, put in sorted(changes)]


@quick
@given(several(), st.integers(0, 3), st.sampled_from(["nowhere at all", "", "n"]))
async def test_one_edit_that_fails_leaves_the_file_as_it_was(case, place, bad):
    lines, changes = case
    body = "\n".join([*lines, "n n"]).encode()
    edits = [{"old": lines[start], "new": put} for start, _, put in changes]
    edits.insert(place, {"old": bad, "new": "x"})
    workspace = MemoryWorkspace({"lib/notes.txt": body})
    done = await Desk(workspace, "notes").call("edit_file", path="lib/notes.txt", edits=edits)
    assert not done.ok
    assert f"Edit {min(place, len(changes)) + 1} of {len(edits)}" in done.result
    assert workspace.files == {"lib/notes.txt": body}


@quick
@given(regions())
def test_edits_of_the_same_text_are_refused(region):
    lines, start, end = region
    assume(end - start > 1)
    whole, part = "\n".join(lines[start:end]), lines[start]
    with pytest.raises(EditFailed, match=r"overlap|times"):
        apply_edits("\n".join(lines), [Edit(part, "put one"), Edit(whole, "put two")])


SAYINGS = st.sampled_from(
    [
        "rest unchanged",
        "... existing code ...",
        "…",
        "same as before",
        "Rest bleibt unverändert",
        "reste inchangé",
        "resto sin cambios",
    ]
)
GUISES = st.sampled_from(
    ["// {}", "  {{/* {} */}}", "/* {} */", "<!-- {} -->", "return 1; // {}", "/*\n * {}\n */", "# {}"]
)


@quick
@given(regions(), SAYINGS, GUISES, st.booleans())
async def test_no_file_ever_gets_a_line_that_stands_for_what_was_left_out(region, saying, guise, whole):
    lines, start, end = region
    body = "\n".join(lines).encode()
    workspace = MemoryWorkspace({"lib/a.py": body})
    put = f"kept\n{guise.format(saying)}\nkept"
    if whole:
        done = await Desk(workspace, "a").call("write_file", path="lib/a.py", content=put)
    else:
        edit = {"old": "\n".join(lines[start:end]), "new": put}
        done = await Desk(workspace, "a").call("edit_file", path="lib/a.py", edits=[edit])
    assert not done.ok
    assert "stands for text you left out" in done.result
    assert workspace.files == {"lib/a.py": body}


def attempted(text: str, old: str, new: str) -> str | None:
    try:
        return replace_once(text, old, new)
    except EditFailed:
        return None


@settings(quick, max_examples=120)
@given(st.text(max_size=60), st.text(max_size=12), st.text(max_size=12))
def test_nothing_but_a_refusal_is_ever_raised_and_no_edit_leaves_all_as_it_was(text, old, new):
    assert attempted(text, old, new) != text


@quick
@given(
    st.text(alphabet="ab \t\r\n“”é\u0301…", max_size=30),
    st.text(alphabet='ab \t\r\n"é\u0301.', max_size=8),
    st.text(alphabet="ab\r\n", max_size=5),
)
def test_nor_for_texts_made_of_what_is_hard(text, old, new):
    assert attempted(text, old, new) != text
