"""Accent colours, and the CSS variables that carry them in `app/globals.css`."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Accent:
    label: str
    light: str
    """Hex, for the light theme."""
    dark: str


def _accents(*rows: tuple[str, str, str]) -> dict[str, Accent]:
    return {name: Accent(name, light, dark) for name, light, dark in rows}


PALETTE = _accents(
    ("red", "#dc2626", "#f04444"),
    ("crimson", "#c81e4a", "#f43f5e"),
    ("rose", "#e11d48", "#fb4f6f"),
    ("pink", "#db2777", "#f472b6"),
    ("fuchsia", "#c026d3", "#e879f9"),
    ("magenta", "#c026d3", "#e879f9"),
    ("purple", "#9333ea", "#a971f8"),
    ("violet", "#6d4aff", "#8f7bff"),
    ("indigo", "#4f46e5", "#818cf8"),
    ("navy", "#1e3a8a", "#6f93f7"),
    ("blue", "#2563eb", "#5b93f8"),
    ("sky", "#0284c7", "#38bdf8"),
    ("cyan", "#0891b2", "#22d3ee"),
    ("turquoise", "#0d9488", "#2dd4bf"),
    ("teal", "#0d9488", "#2dd4bf"),
    ("emerald", "#059669", "#34d399"),
    ("green", "#16a34a", "#4ade80"),
    ("lime", "#65a30d", "#a3e635"),
    ("yellow", "#ca8a04", "#facc15"),
    ("gold", "#b7791f", "#f0b429"),
    ("amber", "#d97706", "#fbbf24"),
    ("orange", "#ea580c", "#fb923c"),
    ("coral", "#e8553f", "#ff7f6b"),
    ("brown", "#92400e", "#d18b52"),
)

_HEX = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", re.I)
_NAME = re.compile(rf"\b({'|'.join(PALETTE)})\b", re.I)
_PRIMARY = ("primary", "ring", "chart-1", "sidebar-primary", "sidebar-ring")
_ON_PRIMARY = ("primary-foreground", "sidebar-primary-foreground")


def accent_in(prompt: str) -> Accent | None:
    """The colour the prompt names, as a word or in hex."""
    if found := _HEX.search(prompt):
        value = found[0].lower()
        value = value if len(value) == 7 else "#" + "".join(digit * 2 for digit in value[1:])
        return Accent(value, value, value)
    found = _NAME.search(prompt)
    return PALETTE[found[1].lower()] if found else None


def with_accent(styles: str, accent: Accent) -> str:
    """The style sheet with its accent variables set, in both themes."""
    return _in_block(_in_block(styles, ":root", accent.light), ".dark", accent.dark)


def _in_block(styles: str, selector: str, color: str) -> str:
    def replaced(block: re.Match[str]) -> str:
        text = block[0]
        for names, value in ((_PRIMARY, color), (_ON_PRIMARY, _on(color))):
            for name in names:
                text = re.sub(rf"(\s--{name}:\s*)[^;]+;", rf"\g<1>{value};", text)
        return text

    return re.sub(rf"^{re.escape(selector)}\s*\{{[^}}]*\}}", replaced, styles, count=1, flags=re.M)


def _on(color: str) -> str:
    """Black or white, whichever reads better on the colour (WCAG relative luminance)."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= 3.2 else "#0a0a0a"
