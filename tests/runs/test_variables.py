"""Variables reach the sandbox of their project's runs, sealed all the way, and nothing that is kept or told holds a value."""

from pathlib import Path

import pytest

from backend.config import Settings
from backend.domain import RunKind, RunStatus, Unavailable
from backend.runs.agents import agent_work
from backend.runs.vault import KEY_FILE, Vault
from tests.agent.scripts import Say, Scripted, models_of, scripted
from tests.runs.stage import USER, Stage

SECRET = "sk-live-4f9c2e7a1b"
FIRST, SECOND = "the first key that these tests seal with", "the second key that these tests seal with"


def settings_of(folder: Path, **variables: str) -> Settings:
    return Settings(_env_file=None, CODEFLOW_DATA_DIR=folder, **variables)  # pyright: ignore[reportCallIssue]


async def project_with_a_variable(stage: Stage) -> str:
    project = await stage.store.create_project(USER, "Cats", {"app/page.tsx": b"x"})
    sealed = Vault.for_settings(stage.settings).seal(SECRET, project.id, "API_KEY")
    await stage.store.set_variable(USER, project.id, "API_KEY", sealed)
    return project.id


async def test_every_runs_sandbox_has_them_and_no_store_or_journal_does(stage: Stage, tmp_path: Path) -> None:
    project_id = await project_with_a_variable(stage)
    async with stage.working():
        run = await stage.over(await stage.runs.start(USER, project_id, "a page"))
        await stage.over(await stage.runs.wake(USER, project_id))
    assert run.status is RunStatus.SUCCEEDED
    assert [opened.environment for opened in stage.workspaces.opened] == [{"API_KEY": SECRET}] * 2
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 2
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


async def test_what_an_agent_reads_has_their_names(stage: Stage) -> None:
    script = Scripted(
        [
            Say("I try.", [("run_command", {"command": f"echo {SECRET}"})]),
            Say("Done."),
        ]
    )
    models = scripted(script)

    async def chosen():
        return models

    stage.agent = agent_work(chosen)
    project_id = await project_with_a_variable(stage)
    async with stage.working():
        run = await stage.over(await stage.runs.start(USER, project_id, "print the key"))
    assert "Variables (set by the person; use process.env.NAME): API_KEY" in str(script.asked[0])
    results = [entry.event for entry in await stage.entries(run) if entry.event.type == "tool.finished"]
    assert [result.result for result in results if "‹API_KEY›" in result.result]
    assert not [result.result for result in results if SECRET in result.result]


async def test_a_copy_of_the_project_has_none(stage: Stage) -> None:
    project_id = await project_with_a_variable(stage)
    head = (await stage.store.project(USER, project_id)).head_id
    async with stage.working():
        fork, waking = await stage.runs.fork(USER, project_id, head)
        assert waking
        await stage.over(waking)
    assert stage.workspaces.opened[-1].environment == {}
    assert await stage.store.variables(USER, fork.id) == []


async def test_a_worker_with_another_key_says_which_setting_differs(stage: Stage) -> None:
    project_id = await project_with_a_variable(stage)
    stage.settings = settings_of(stage.settings.data_dir, CODEFLOW_SECRETS_KEY=SECOND)
    async with stage.working():
        run = await stage.over(await stage.runs.start(USER, project_id, "a page"))
    assert run.status is RunStatus.FAILED
    failure = (await stage.view(run)).runs[-1].failure
    assert failure
    assert "CODEFLOW_SECRETS_KEY" in failure.message
    assert stage.workspaces.opened == []


async def test_the_projects_model_is_asked_first(stage: Stage) -> None:
    default, other = Scripted([Say("By default.")]), Scripted([Say("As chosen.")])
    models = models_of(scripted(default).coder[0], scripted(other).coder[0])
    models.coder[0].name, models.coder[1].name = "default", "other"

    async def chosen():
        return models

    stage.agent = agent_work(chosen)
    project = await stage.store.create_project(USER, "Cats", {"app/page.tsx": b"x"})
    await stage.store.set_model(USER, project.id, models.coder[1].id)
    async with stage.working():
        await stage.over(await stage.runs.start(USER, project.id, "hello"))
    assert (len(default.asked), len(other.asked)) == (0, 1)


async def test_a_plan_of_a_new_project_is_words_and_no_version(stage: Stage) -> None:
    script = Scripted([Say("1. **Board**: columns.")])
    models = scripted(script)

    async def chosen():
        return models

    stage.agent = agent_work(chosen)
    run = await stage.runs.start(USER, None, "a board", kind=RunKind.PLAN)
    async with stage.working():
        over = await stage.over(run)
    assert (over.kind, over.status) == (RunKind.PLAN, RunStatus.SUCCEEDED)
    view = await stage.view(run)
    assert view.versions == []
    assert "1. **Board**: columns." in [step.text for step in view.runs[0].steps]


def test_what_is_sealed_for_one_place_opens_in_no_other() -> None:
    vault = Vault([FIRST])
    sealed = vault.seal(SECRET, "p1", "API_KEY")
    assert SECRET not in sealed
    assert vault.open(sealed, "p1", "API_KEY") == SECRET
    assert vault.seal(SECRET, "p1", "API_KEY") != sealed
    for project_id, name, value in (
        ("p2", "API_KEY", sealed),
        ("p1", "OTHER", sealed),
        ("p1", "API_KEY", sealed[:-8] + "AAAAAAA="),
        ("p1", "API_KEY", "no seal"),
        ("p1", "API_KEY", ""),
    ):
        with pytest.raises(Unavailable, match="CODEFLOW_SECRETS_KEY"):
            vault.open(value, project_id, name)


def test_an_older_key_still_opens() -> None:
    sealed = Vault([FIRST]).seal(SECRET, "p1", "API_KEY")
    assert Vault([SECOND, FIRST]).open(sealed, "p1", "API_KEY") == SECRET
    with pytest.raises(Unavailable):
        Vault([FIRST]).open(Vault([SECOND, FIRST]).seal(SECRET, "p1", "API_KEY"), "p1", "API_KEY")


def test_on_one_machine_a_key_is_made_that_only_its_owner_reads(tmp_path: Path) -> None:
    sealed = Vault.for_settings(settings_of(tmp_path)).seal(SECRET, "p1", "API_KEY")
    assert Vault.for_settings(settings_of(tmp_path)).open(sealed, "p1", "API_KEY") == SECRET
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("more", [{}, {"SUPABASE_WORKER_TOKEN": "t", "CODEFLOW_DISPATCH_URL": "https://d.example.com"}])
def test_where_workers_are_elsewhere_a_key_must_be_set(tmp_path: Path, more: dict[str, str]) -> None:
    supabase = {"SUPABASE_URL": "https://p.supabase.co", "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_x", **more}
    with pytest.raises(Unavailable, match="CODEFLOW_SECRETS_KEY, which is not set"):
        Vault.for_settings(settings_of(tmp_path, **supabase))
    with pytest.raises(Unavailable, match="too short"):
        Vault.for_settings(settings_of(tmp_path, **supabase, CODEFLOW_SECRETS_KEY="short"))
    Vault.for_settings(settings_of(tmp_path, **supabase, CODEFLOW_SECRETS_KEY=FIRST))
