"""`lib/site.ts`: the app's name, headline and navigation."""

import json
import re

SITE = "lib/site.ts"
_STRING = r'"(?:[^"\\]|\\.)*"'


def field(site: str, name: str) -> str | None:
    found = re.search(rf"\b{name}:\s*({_STRING})", site)
    return json.loads(found[1]) if found else None


def with_field(site: str, name: str, value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(rf"(\b{name}:\s*){_STRING}", lambda found: found[1] + text, site, count=1)


def with_link(site: str, label: str, href: str) -> str:
    """The navigation with one more link at its end."""
    link = f"{{ label: {json.dumps(label, ensure_ascii=False)}, href: {json.dumps(href)} }}"

    def longer(found: re.Match[str]) -> str:
        items = found[1].strip().rstrip(",")
        return "nav: [\n    " + ",\n    ".join([*re.findall(r"\{[^}]*\}", items), link]) + ",\n  ]"

    return re.sub(r"\bnav:\s*\[([^\]]*)\]", longer, site, count=1)
