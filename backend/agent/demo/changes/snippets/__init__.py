"""Files that changes add, as they are written; `{{name}}` stands for what the change fills in."""

from pathlib import Path

HERE = Path(__file__).resolve().parent


def snippet(file: str, **values: str) -> str:
    text = (HERE / file).read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    return text
