"""Edits find the one place that was meant, however it is spaced, or say why they cannot."""

import random

import pytest

from backend.agent.edits import EditFailed, replace_once
from backend.agent.guards.elisions import elisions

COMPONENT = """\
export function Card() {
  const [open, setOpen] = useState(false);

  return (
    <div className="card">
      <button onClick={() => setOpen(true)}>Open</button>
    </div>
  );
}
"""


def test_exact_piece_of_a_line_is_replaced():
    assert replace_once(COMPONENT, "Open</button>", "Show</button>") == COMPONENT.replace("Open</", "Show</")


@pytest.mark.parametrize(
    "old",
    [
        '<div className="card">\n<button onClick={() => setOpen(true)}>Open</button>\n</div>',
        '\t<div className="card">\n\t\t<button onClick={() => setOpen(true)}>Open</button>\n\t</div>',
        '    <div className="card">  \n      <button onClick={() => setOpen(true)}>Open</button>\t\n    </div>',
        '    <div className="card">\r\n      <button onClick={() => setOpen(true)}>Open</button>\r\n    </div>\r\n',
        '\n\n    <div className="card">\n      <button onClick={() => setOpen(true)}>Open</button>\n    </div>\n\n',
        "    <div className=“card”>\n      <button onClick={() => setOpen(true)}>Open</button>\n    </div>",
        '    <div  className="card">\n      <button onClick={()  =>  setOpen(true)}>Open</button>\n    </div>',
    ],
    ids=["no indent", "tabs", "trailing space", "crlf", "blank edges", "smart quotes", "double spaces"],
)
def test_block_is_found_whatever_its_spacing(old):
    result = replace_once(COMPONENT, old, "    <p>Gone</p>")
    assert "<p>Gone</p>\n  );" in result
    assert "card" not in result
    assert result.startswith("export function Card() {\n  const [open")


def test_replacement_takes_over_the_indentation_of_the_file():
    old = "<button onClick={() => setOpen(true)}>Open </button>".replace(" </", "</")
    result = replace_once(COMPONENT, f"{old}\n</div>", f"{old}\n<ul>\n  <li>One</li>\n</ul>\n</div>")
    assert "      <ul>\n        <li>One</li>\n      </ul>\n" in result


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Open</button>", "A\nB</button>"),
        ("  return (\n    <div", "  return (\n    <nav"),
        ("return (\n<div className='card'>".replace("'", '"'), "return (\n<>"),
        ("  );\n}\n", "  );\n}\n\nexport const x = 1;\n"),
    ],
)
def test_file_with_windows_line_endings_keeps_them(old, new):
    result = replace_once(COMPONENT.replace("\n", "\r\n"), old, new)
    assert "\n" not in result.replace("\r\n", "")
    assert result.count("\r") == result.count("\r\n")


def test_only_the_edited_lines_of_a_file_with_mixed_endings_change():
    assert replace_once("a\r\nb\nc  \nd\r\ne\n", "c\nd", "x") == "a\r\nb\nx\r\ne\n"


def test_lines_can_be_deleted():
    assert replace_once("a\n\tb\nc\n", "  b\n", "") == "a\nc\n"
    assert replace_once("only", "only", "") == ""


def test_place_that_is_not_the_only_one_is_refused_with_its_lines():
    with pytest.raises(EditFailed, match=r"2 times \(lines 1, 3\)"):
        replace_once("a = 1\nb = 2\na = 1\n", "a = 1", "a = 2")
    with pytest.raises(EditFailed, match="2 times"):
        replace_once("  a = 1\nb = 2\n    a = 1\n", "\ta = 1", "a = 2")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("", "x", "empty"),
        ("  \n", "x", "empty"),
        ("Open", "Open", "same"),
        ("nowhere to be found", "x", "not in the file"),
    ],
)
def test_edit_that_would_do_nothing_is_refused(old, new, why):
    with pytest.raises(EditFailed, match=why):
        replace_once(COMPONENT, old, new)


def test_edit_already_made_says_so():
    done = replace_once(COMPONENT, ">Open<", ">Show<")
    with pytest.raises(EditFailed, match="already is"):
        replace_once(done, ">Open<", ">Show<")


def test_miss_shows_what_the_file_has_there():
    with pytest.raises(EditFailed) as failed:
        replace_once(COMPONENT, '<div className="card">\n  <button onClick={close}>Open</button>\n</div>', "x")
    assert "<button onClick={() => setOpen(true)}>Open</button>" in str(failed.value)


def test_random_spacing_never_hides_nor_moves_an_edit():
    dice = random.Random(7)
    for _ in range(300):
        lines = [
            f"{' ' * dice.randrange(9)}const {chr(97 + i)}{i} = “{i}” + '{i}';{' ' * dice.randrange(3)}"
            for i in range(12)
        ]
        ending = dice.choice(["\n", "\r\n"])
        text = ending.join(lines) + ending * dice.randrange(2)
        start = dice.randrange(11)
        end = dice.randrange(start + 1, 12)
        shift = dice.choice(["", "  ", "\t"])
        old = "\n".join(shift + line.strip().translate(str.maketrans("“”", '""')) for line in lines[start:end])
        result = replace_once(text, dice.choice(["", "\n"]) + old, "REPLACED")
        rest = result.split(ending)
        assert rest[:start] == lines[:start]
        assert rest[start].strip() == "REPLACED"
        tail = rest[start + 1 :]
        assert [line for line in tail if line] == lines[end:]


@pytest.mark.parametrize(
    "line",
    [
        "// ... rest of the component unchanged",
        "// ...",
        "  // … existing code …",
        "/* ... existing styles ... */",
        "{/* ... */}",
        "{/* rest of the JSX remains the same */}",
        "<!-- rest unchanged -->",
        "# ... other imports",
        "// Rest of the code stays the same",
        "// existing imports...",
        "// keep the rest...",
        "// previous code goes here",
    ],
)
def test_standing_in_for_what_was_left_out_is_noticed(line):
    assert elisions(f"const a = 1;\n{line}\nconst b = 2;\n")


@pytest.mark.parametrize(
    "line",
    [
        "// Rest days are free",
        "// Loading more...",
        "// the remaining budget, in cents",
        "/* Everything stays in sync with the URL */",
        "{/* Other members */}",
        "const rest = [...items, ...existing];",
        "  ...rest",
        "function f(...args) {}",
        "<p>Loading the rest...</p>",
        "# The same for everyone",
        "// Keep focus inside the dialog",
    ],
)
def test_honest_lines_pass(line):
    assert not elisions(f"const a = 1;\n{line}\nconst b = 2;\n")


def test_line_the_file_has_already_is_no_elision():
    assert not elisions("// ...\nconst a = 1;\n", known="// ...\n")
