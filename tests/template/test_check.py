"""The browser check by itself, beside what `tests/checks` shows of it: it raises no alarm without a cause, and always ends."""

import pytest

from tests.template.conftest import Machine

pytestmark = [pytest.mark.sandbox, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CLIENT = '"use client"\nimport * as React from "react"\n'


async def test_a_page_that_is_replaced_while_it_is_looked_at_raises_no_alarm(machine: Machine) -> None:
    """As hot reload does, or an app that leads elsewhere: three times, at whatever moment."""
    await machine.page(
        CLIENT
        + "export default function Page() {\n  React.useEffect(() => {\n"
        + "    const n = Number(sessionStorage.getItem('n'))\n    sessionStorage.setItem('n', String(n + 1))\n"
        + "    if (n < 3) location.reload()\n  }, [])\n  return <p>x</p>\n}"
    )
    report = await machine.check(photos=True, clicks=True)
    assert report["routes"][0]["errors"] == []
    assert report["photos"]


async def test_a_page_that_reloads_itself_for_ever_is_told(machine: Machine) -> None:
    await machine.page(
        CLIENT
        + "export default function Page() {\n  React.useEffect(() => { location.reload() }, [])\n  return <p>x</p>\n}"
    )
    assert "keeps reloading itself" in await machine.messages()


async def test_missing_picture_of_the_app_is_found_and_a_remote_one_is_not_loaded(machine: Machine) -> None:
    await machine.page(
        'export default () => <><img src="/nope.png" alt="" /><img src="https://example.com/a.png" alt="" /></>'
    )
    assert await machine.messages() == "None:None GET /nope.png answered 404"


@pytest.mark.timeout(120)
async def test_page_that_hangs_the_browser_is_told_in_time(machine: Machine) -> None:
    await machine.page(
        CLIENT
        + "export default function Page() {\n  React.useEffect(() => {\n    while (true) {}\n  }, [])\n  return <p>x</p>\n}"
    )
    assert "stopped responding" in await machine.messages(timeout_ms=30_000)


@pytest.mark.timeout(60)
async def test_server_that_never_answers_is_told_in_time(machine: Machine) -> None:
    await machine.page("export default async function Page() {\n  await new Promise(() => {})\n  return <p>x</p>\n}")
    assert "did not answer within" in await machine.messages(timeout_ms=6_000)


async def test_each_route_is_reported(machine: Machine) -> None:
    report = await machine.check("/", "/nowhere")
    assert [(r["route"], r["status"]) for r in report["routes"]] == [("/", 200), ("/nowhere", 404)]
    assert "there is no such page" in report["routes"][1]["errors"][0]["message"]
