"""Propose to finish, and repair what the checks report, when it is something this model can repair."""

import re

from backend.agent.demo.apps import App
from backend.agent.demo.script import Call, Say, Script, finish, read
from backend.agent.demo.words import cannot_repair

FAILED = "The checks failed"
_PLACE = re.compile(r"\b((?:app|components|lib|hooks)/[\w./\[\]()-]+\.\w+)(?::(\d+))?")


def finish_repairing(app: App, summary: str) -> Script:
    text = "That is everything. Now the checks: types, every route, and the page opened in a browser."
    repaired = False
    while True:
        (report,) = yield Say(text, (finish(summary),))
        if FAILED not in report:
            return
        slip = app.slip
        places = [found[1] for found in _PLACE.finditer(report)]
        if slip is None or slip.path not in places or repaired:
            break
        line = next((found[2] for found in _PLACE.finditer(report) if found[1] == slip.path), None)
        where = f"`{slip.path}`{f', line {line}' if line else ''}"
        (source,) = yield Say(f"The checks caught a mistake of mine in {where}. Let me read it.", read(slip.path))
        if slip.wrong not in source:
            break
        yield Say(slip.text, (Call("edit_file", {"path": slip.path, "old": slip.wrong, "new": slip.right}),))
        text, repaired = "Repaired. The checks once more.", True
    yield Say(cannot_repair(report))
