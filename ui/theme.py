"""The Gradio theme. The page's own look is in `static/css`; this only keeps Gradio's parts from fighting it."""

from gradio import themes

# `themes.Font`, not strings: a string becomes a remote or local font lookup, and the page asks nobody for anything.
THEME = themes.Base(
    neutral_hue="zinc",
    primary_hue="zinc",
    radius_size="md",
    font=[themes.Font("Geist"), themes.Font("system-ui"), themes.Font("sans-serif")],
    font_mono=[themes.Font("Geist Mono"), themes.Font("ui-monospace"), themes.Font("monospace")],
)
