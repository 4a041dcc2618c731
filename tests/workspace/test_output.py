from backend.workspace.output import BoundedOutput, plain


def test_short_output_is_whole():
    output = BoundedOutput()
    output.add("one\n")
    output.add("two\n")
    assert str(output) == "one\ntwo\n"


def test_long_output_keeps_its_head_and_its_tail_and_says_what_is_missing():
    output = BoundedOutput(1_000)
    for n in range(10_000):
        output.add(f"line {n}\n")
    text = str(output)
    assert len(text) <= 1_000
    assert text.startswith("line 0\n")
    assert text.endswith("line 9999\n")
    assert "characters left out" in text


def test_colours_and_redrawn_lines_are_gone():
    assert plain("\x1b[31mred\x1b[0m\r\n10%\r50%\r100%\nend") == "red\n100%\nend"
