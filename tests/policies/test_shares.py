"""A link opens one version, to anybody, until it is revoked; its preview is its own and is not woken too often."""

import pytest

from tests.policies.scene import LONG_S, Person, Scene, run_finished
from tests.policies.session import Session, sha

HOUR_S = 3600


def link(scene: Scene, name: str = "link") -> dict[str, str]:
    return {"p_token": scene.victim.named(name)}


def state(session: Session, scene: Scene) -> tuple[str, str | None]:
    session.act("anon")
    shown = session.call("open_share", **link(scene))
    return shown["state"], shown["preview_url"]


def wake(session: Session, scene: Scene) -> dict[str, object]:
    session.act("anon")
    return session.call("wake_share", **link(scene))


def work(session: Session, token: str, status: str, url: str | None = None) -> None:
    """A worker takes the queued wake run and ends it so."""
    session.act("codeflow_worker")
    claimed = session.call("claim_run", p_token=token, p_lease_s=LONG_S)
    lease = {"p_run": claimed["run"]["id"], "p_token": token}
    assert claimed["run"]["kind"] == "wake"
    if url:
        session.call(
            "set_preview", **lease, p_project=claimed["project"]["id"], p_sandbox_id=f"box-{token}", p_preview_url=url
        )
    session.call("finish_run", **lease, p_event=run_finished(status))


def let_pass(session: Session, seconds: float) -> None:
    session.act("postgres")
    session.sql(f"update public.runs set created_at = created_at - interval '{seconds} seconds' where kind = 'wake'")


@pytest.fixture
def owner(scene: Scene) -> Person:
    return scene.victim


def test_a_link_shows_the_version_and_where_allowed_its_prompts(session: Session, scene: Scene, owner: Person) -> None:
    session.act("anon")
    shown = session.call("open_share", **link(scene))
    assert shown.pop("created_at")
    assert shown == {
        "title": owner.named("title"),
        "version_number": 1,
        "files": 1,
        "screenshot": True,
        "prompts": [f"done: {owner.secret.decode()}"],
        "state": "off",
        "preview_url": None,
    }
    assert session.call("open_share", **link(scene, "closed"))["prompts"] == []


def test_waking_goes_from_off_to_ready_and_costs_its_owner_nothing(
    session: Session, scene: Scene, owner: Person
) -> None:
    session.act("authenticated", owner.id)
    before = session.call("usage")
    assert wake(session, scene)["ok"]
    assert state(session, scene) == ("waking", None)
    assert wake(session, scene)["share"]["state"] == "waking"  # type: ignore[index]
    work(session, "a worker's token", "succeeded", "https://preview.example")
    assert state(session, scene) == ("ready", "https://preview.example")
    assert wake(session, scene)["ok"]
    session.act("authenticated", owner.id)
    assert session.call("usage") == before


def test_a_link_works_on_after_its_sandbox_died(session: Session, scene: Scene, owner: Person) -> None:
    wake(session, scene)
    work(session, "a worker's token", "succeeded", "https://preview.example")
    session.act("codeflow_worker")
    session.call("clear_preview", p_project=owner.named("preview-link"), p_sandbox_id="box-a worker's token")
    assert state(session, scene) == ("off", None)
    let_pass(session, 21)
    assert wake(session, scene)["ok"]
    assert state(session, scene) == ("waking", None)


def test_a_preview_that_did_not_start_says_so_and_may_be_tried_again(session: Session, scene: Scene) -> None:
    wake(session, scene)
    work(session, "a worker's token", "failed")
    assert state(session, scene) == ("failed", None)
    refused = wake(session, scene)
    assert (refused["ok"], refused["kind"], refused["resets_at"] is not None) == (False, "rate", True)
    let_pass(session, 19)
    assert not wake(session, scene)["ok"]
    let_pass(session, 1.1)
    assert wake(session, scene)["ok"]


def test_a_share_is_woken_at_most_thirty_times_an_hour(session: Session, scene: Scene) -> None:
    for n in range(30):
        assert wake(session, scene)["ok"], n
        work(session, f"a worker's token {n}", "failed")
        let_pass(session, 60)
    assert wake(session, scene)["kind"] == "rate"
    let_pass(session, HOUR_S - 30 * 60 - 10)
    assert not wake(session, scene)["ok"]
    let_pass(session, 11)
    assert wake(session, scene)["ok"]


def test_a_revoked_link_is_dead_with_all_that_was_behind_it(session: Session, scene: Scene, owner: Person) -> None:
    wake(session, scene)
    work(session, "a worker's token", "succeeded", "https://preview.example")
    session.act("authenticated", owner.id)
    share = owner.named("share-link")
    assert session.call("revoke_share", p_id=share) == "box-a worker's token"
    assert session.call("revoke_share", p_id=share) is None
    assert share not in {listed["id"] for listed in session.call("project_shares", p_project=owner.named("project"))}
    session.act("anon")
    for function in ("open_share", "share_picture", "wake_share"):
        assert session.refusal(function, **link(scene)).hint == "not_found"
    session.act("postgres")
    preview = owner.named("preview-link")
    assert session.sql("select count(*) from public.blobs where project_id = %s", preview) == [(0,)]


def test_revoking_ends_the_wake_that_is_under_way(session: Session, scene: Scene, owner: Person) -> None:
    wake(session, scene)
    session.act("codeflow_worker")
    claimed = session.call("claim_run", p_token="a worker's token", p_lease_s=LONG_S)
    session.act("authenticated", owner.id)
    session.call("revoke_share", p_id=owner.named("share-link"))
    session.act("codeflow_worker")
    lease = {"p_run": claimed["run"]["id"], "p_token": "a worker's token"}
    assert session.refusal("renew_lease", **lease, p_lease_s=60.0).hint == "lease_lost"


def test_a_remix_is_the_other_persons_own_and_outlives_the_link(session: Session, scene: Scene, owner: Person) -> None:
    session.act("authenticated", scene.newcomer.id)
    made = session.call("remix", **link(scene), p_project="remix", p_version="remix-0")
    assert (made["title"], made["owner"], made["kind"]) == (
        f"Remix of {owner.named('title')}",
        scene.newcomer.id,
        "app",
    )
    assert session.call("remix", **link(scene), p_project="remix", p_version="remix-0") == made
    session.act("authenticated", owner.id)
    session.call("revoke_share", p_id=owner.named("share-link"))
    session.act("authenticated", scene.newcomer.id)
    assert session.call("read_tree", p_project="remix") == {"app/page.tsx": sha(owner.secret)}
    assert set(session.call("read_blobs", p_project="remix", p_hashes=[sha(owner.secret)])) == {sha(owner.secret)}
    cards = session.call("project_cards")
    assert [(card["id"], card["versions"]) for card in cards] == [("remix", 0)]


def test_a_deleted_project_takes_its_links_and_their_previews_along(
    session: Session, scene: Scene, owner: Person
) -> None:
    wake(session, scene)
    work(session, "a worker's token", "succeeded", "https://preview.example")
    session.act("postgres")
    session.sql("update public.runs set status = 'succeeded' where project_id = %s", owner.named("project"))
    session.act("authenticated", owner.id)
    gone = session.call("delete_project", p_id=owner.named("project"))
    assert sorted(gone) == sorted([owner.named("sandbox"), "box-a worker's token"])
    session.act("anon")
    assert session.refusal("open_share", **link(scene)).hint == "not_found"
    session.act("postgres")
    left = session.sql("select id from public.projects where owner = %s", owner.id)
    assert left == [(owner.named("idle"),)]


def test_the_hidden_project_is_in_no_list_and_takes_no_orders(session: Session, scene: Scene, owner: Person) -> None:
    session.act("authenticated", owner.id)
    hidden = owner.named("preview-link")
    assert hidden not in {card["id"] for card in session.call("project_cards")}
    start = {"p_id": "x", "p_project": hidden, "p_kind": "prompt", "p_prompt": "x"}
    assert session.refusal("start_run", **start).hint == "not_found"
    for function in ("delete_project", "rename_project"):
        more = {"p_title": "x"} if function == "rename_project" else {}
        assert session.refusal(function, p_id=hidden, **more).hint == "not_found"


def test_only_so_many_of_an_owners_links_are_awake_at_once(session: Session, scene: Scene, owner: Person) -> None:
    session.act("postgres")
    session.sql(
        """insert into public.projects (id, owner, kind, title, head_id, sandbox_id, created_at, updated_at)
        select 'awake-' || n, %s, 'share', 'x', 'x', 'box-' || n, now(), now() from generate_series(1, 40) n""",
        owner.id,
    )
    assert wake(session, scene) == {"ok": False, "kind": "rate", "limit": None, "resets_at": None}
    session.act("postgres")
    session.sql("update public.projects set sandbox_id = null where id = 'awake-1'")
    assert wake(session, scene)["ok"]
