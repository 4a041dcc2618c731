"""Which pages a change may touch: too many cost a moment, one too few hides a bug."""

import pytest

from backend.checks.makeup import digests

PROJECT = {
    "package.json": '{"dependencies": {}}',
    "tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./*"]}}}',
    "next.config.ts": "export default {}",
    "app/layout.tsx": 'import "./globals.css"\nimport { Nav } from "@/components/nav"',
    "app/globals.css": '@import "tailwindcss";\n@import "./theme.css";',
    "app/theme.css": "",
    "app/page.tsx": 'import { Card } from "@/components/card"\nimport data from "./data.json"',
    "app/data.json": "{}",
    "app/(shop)/cart/page.tsx": 'export { Cart as default } from "../../../components/cart"',
    "app/(shop)/layout.tsx": "",
    "app/(shop)/cart/loading.tsx": "",
    "app/lazy/page.tsx": 'const Chart = dynamic(() => import("@/components/chart"))',
    "app/items/[id]/page.tsx": 'import { Card } from "@/components/card"\nimport { format } from "@/lib/format"',
    "app/api/tasks/route.ts": 'import { tasks } from "@/lib/store"',
    "app/todo/page.tsx": 'import { tasks } from "@/lib/store"\nimport { add } from "@/lib/actions"',
    "lib/store.ts": "",
    "lib/actions.ts": '"use server"\nimport { check } from "./check"',
    "lib/check.ts": "",
    "lib/format.ts": "",
    "lib/unused.ts": "",
    "components/nav.tsx": "",
    "components/card.tsx": 'import { cn } from "@/lib/utils"',
    "components/cart.tsx": "",
    "components/chart/index.tsx": "new Worker(new URL('./work.ts', import.meta.url))",
    "components/chart/work.ts": "",
    "lib/utils.ts": "",
    "public/logo.svg": "",
}
ALL = {"/", "/cart", "/lazy", "/todo"}


def touched(changes: dict[str, str | None], **others: str) -> set[str]:
    project = {**PROJECT, **others}
    before = digests({path: text.encode() for path, text in project.items()})
    after = digests({path: text.encode() for path, text in {**project, **changes}.items() if text is not None})
    return {route for route in before.keys() | after.keys() if before.get(route) != after.get(route)}


@pytest.mark.parametrize(
    ("path", "routes"),
    [
        ("app/page.tsx", {"/"}),
        ("app/data.json", {"/"}),
        ("lib/utils.ts", {"/"}),
        ("components/cart.tsx", {"/cart"}),
        ("app/(shop)/layout.tsx", {"/cart"}),
        ("app/(shop)/cart/loading.tsx", {"/cart"}),
        ("components/chart/work.ts", {"/lazy"}),
        ("app/items/[id]/page.tsx", set()),
        ("lib/format.ts", set()),
        ("lib/unused.ts", set()),
        ("app/theme.css", ALL),
        ("components/nav.tsx", ALL),
        ("app/api/tasks/route.ts", ALL),
        ("lib/store.ts", ALL),
        ("lib/check.ts", ALL),
        ("public/logo.svg", ALL),
        ("package.json", ALL),
        ("next.config.ts", ALL),
    ],
)
def test_a_change_touches_the_pages_that_depend_on_the_file(path: str, routes: set[str]):
    assert touched({path: PROJECT[path] + " "}) == routes


def test_a_new_file_that_is_found_in_place_of_another_is_seen():
    assert touched({"components/chart.tsx": ""}) == {"/lazy"}
    assert touched({"components/card.tsx": None}) == {"/"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/lazy/page.tsx", "const Chart = dynamic(() => import(`@/components/${name}`))"),
        ("app/@side/page.tsx", ""),
        ("app/(.)cart/page.tsx", ""),
        ("tsconfig.json", '{"compilerOptions": {"paths": {"@/*": ["./*"], "ui/*": ["./components/*"]}}}'),
        ("tsconfig.json", '{"compilerOptions": {"baseUrl": "."}}'),
        ("tsconfig.json", "// what it is\n{}"),
        ("tsconfig.json", "[]"),
        ("package.json", '{"imports": {"#ui/*": "./components/*"}}'),
    ],
)
def test_where_imports_cannot_be_told_from_the_files_every_change_touches_every_page(path: str, text: str):
    assert touched({"components/cart.tsx": "//"}, **{path: text}) >= ALL
