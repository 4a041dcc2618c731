"""The Gradio theme. The page's own look is in `static/css`; this only keeps Gradio's parts from fighting it."""

import gradio as gr

# `gr.themes.Font`, not strings: a string becomes a remote or local font lookup, and the page asks nobody for anything.
THEME = gr.themes.Base(
    neutral_hue="zinc",
    primary_hue="zinc",
    radius_size="md",
    font=[gr.themes.Font("Geist"), gr.themes.Font("system-ui"), gr.themes.Font("sans-serif")],
    font_mono=[gr.themes.Font("Geist Mono"), gr.themes.Font("ui-monospace"), gr.themes.Font("monospace")],
)
