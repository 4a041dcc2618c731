"""Which app a person asks for, in free words."""

import re

from backend.agent.demo.apps import APPS, App

ENOUGH = 3


def app_for(prompt: str) -> App | None:
    """The app whose words the prompt uses most, or None when no app is meant."""
    scores = {app.slug: score(app, prompt) for app in APPS}
    best = max(APPS, key=lambda app: scores[app.slug])
    return best if scores[best.slug] >= ENOUGH else None


def score(app: App, prompt: str) -> int:
    return sum(weight for word, weight in app.keywords.items() if re.search(rf"\b(?:{word})\b", prompt, re.I))
