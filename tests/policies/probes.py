"""What an attacker tries with functions that are theirs to call, and things that are the victim's."""

from collections.abc import Iterator
from typing import Any

from tests.policies.allowed import ANYBODY, LEASED, USER, WORKER
from tests.policies.attacks import Attack, become
from tests.policies.scene import Person, Scene, lease_of, run_finished, tool_finished
from tests.policies.session import Refused, Session, sha, text

Arguments = dict[str, Any]


def _user_probes(v: Person, s: Person) -> dict[str, list[Arguments]]:
    """function → what a stranger asks of it: of the victim's things, or of their own with the victim's in between."""
    theirs, own = v.named("project"), s.named("project")
    other = {"p_id": "probe", "p_kind": "restore", "p_prompt": ""}
    fork = {"p_id": "probe", "p_version_id": "probe"}
    share = {"p_token_hash": sha(b"probe"), "p_history": True, "p_preview_project": "probe-preview"}
    return {
        "project_cards": [{}],
        "usage": [{}],
        "delete_account": [{}],
        "read_frames": [{"p_project": theirs}],
        "tail": [{"p_project": theirs}],
        "read_tree": [{"p_project": theirs}],
        "active_run": [{"p_project": theirs}],
        "read_blobs": [{"p_project": project, "p_hashes": [sha(v.secret)]} for project in (theirs, own)],
        "create_project": [
            {"p_id": theirs, "p_version_id": "probe", "p_title": "x", "p_files": {}},
            {"p_id": "probe", "p_version_id": v.named("version"), "p_title": "x", "p_files": {}},
        ],
        "rename_project": [{"p_id": theirs, "p_title": "mine"}],
        "look_at": [{"p_project": theirs}],
        "set_model": [{"p_project": theirs, "p_model": "mine"}],
        "set_variable": [
            {"p_project": theirs, "p_name": "MINE", "p_sealed": "mine"},
            {"p_project": theirs, "p_name": v.variable, "p_sealed": None},
            {"p_project": v.named("preview-link"), "p_name": "MINE", "p_sealed": "mine"},
        ],
        "delete_project": [{"p_id": theirs}, {"p_id": v.named("preview-link")}],
        "start_run": [
            {"p_id": "probe", "p_project": theirs, "p_kind": "prompt", "p_prompt": "x"},
            {"p_id": "probe", "p_project": v.named("preview-link"), "p_kind": "prompt", "p_prompt": "x"},
            {"p_id": v.named("run"), "p_project": own, "p_kind": "prompt", "p_prompt": "x"},
            {**other, "p_project": s.named("idle"), "p_restore_id": v.named("version")},
            {**other, "p_project": s.named("idle"), "p_resends": v.named("run")},
        ],
        "add_followup": [
            {"p_id": "probe", "p_project": theirs, "p_prompt": "x"},
            {"p_id": v.named("followup"), "p_project": own, "p_prompt": "x"},
            {"p_id": v.named("run"), "p_project": own, "p_prompt": "x"},
        ],
        "change_followup": [{"p_id": v.named("followup"), "p_prompt": "x"}],
        "move_followup": [
            {"p_id": v.named("followup"), "p_before": None},
            {"p_id": s.named("followup"), "p_before": v.named("followup")},
        ],
        "remove_followup": [{"p_id": v.named("followup")}],
        "send_followup": [
            {"p_project": theirs, "p_id": v.named("followup")},
            {"p_project": own, "p_id": v.named("followup")},
            {"p_project": own, "p_id": v.named("run")},
        ],
        "fork_project": [
            {"p_project": theirs, "p_version": v.named("version"), **fork},
            {"p_project": own, "p_version": v.named("version"), **fork},
            {"p_project": own, "p_version": s.named("version"), **fork, "p_id": theirs},
            {"p_project": own, "p_version": s.named("version"), **fork, "p_version_id": v.named("version")},
        ],
        "cancel_run": [{"p_id": v.named("run")}],
        "create_share": [
            {"p_id": "probe", "p_project": theirs, "p_version": v.named("version"), **share},
            {"p_id": "probe", "p_project": own, "p_version": v.named("version"), **share},
            {"p_id": v.named("share-link"), "p_project": own, "p_version": s.named("version"), **share},
            {"p_id": "probe", "p_project": own, "p_version": s.named("version"), **share, "p_preview_project": theirs},
        ],
        "project_shares": [{"p_project": theirs}],
        "revoke_share": [{"p_id": v.named("share-link")}],
        "remix": [
            {"p_token": token, "p_project": "probe", "p_version": "probe"}
            for token in (v.named("revoked"), sha(v.named("link").encode()), v.named("share-link"))
        ]
        + [{"p_token": s.named("link"), "p_project": theirs, "p_version": "probe"}],
    }


def _visitor_probes(v: Person) -> dict[str, list[Arguments]]:
    """What somebody without a link tries; a token's hash is what a look into the table would give."""
    tokens = [{"p_token": t} for t in (v.named("revoked"), sha(v.named("link").encode()), v.named("share-link"), "")]
    paid = f'{{"id": "e", "type": "customer.subscription.deleted", "created": 1, "data": {{"object": "{v.id}"}}}}'
    return {
        "open_share": tokens,
        "share_picture": tokens,
        "wake_share": tokens,
        "billing_event": [{"p_body": paid, "p_signature": signature} for signature in ("", "t=1,v1=" + "0" * 64)],
    }


def _lease_arguments(v: Person) -> dict[str, Arguments]:
    """Beside the lease, for each function that takes one."""
    return {
        "renew_lease": {"p_lease_s": 60.0},
        "release_lease": {},
        "leased_run": {},
        "leased_project": {},
        "leased_entries": {},
        "leased_version": {"p_version": v.named("version")},
        "leased_tree": {},
        "leased_blobs": {"p_hashes": [sha(v.secret)]},
        "leased_variables": {},
        "append_events": {"p_events": [{"type": "project.titled", "title": "mine"}], "p_blobs": [text(b"mine")]},
        "write_frame": {"p_frame": {"step": "model:0"}},
        "set_preview": {"p_project": v.named("project"), "p_sandbox_id": "mine", "p_preview_url": "mine"},
        "commit_version": {
            "p_version": "probe", "p_title": "mine", "p_manifest": {}, "p_report": None, "p_changes": [],
        },
        "finish_run": {"p_event": run_finished("failed")},
    }  # fmt: skip


def _other_worker_probes(v: Person, s: Person) -> Iterator[tuple[str, Arguments]]:
    """A worker that holds a live lease of the stranger's run reaches for the victim's project; or claims what is held."""
    lease, hash_ = lease_of(s, "run"), sha(v.secret)
    yield "leased_version", {**lease, "p_version": v.named("version")}
    yield "leased_blobs", {**lease, "p_hashes": [hash_]}
    yield "leased_variables", lease
    yield "set_preview", {**lease, "p_project": v.named("project"), "p_sandbox_id": "mine", "p_preview_url": "mine"}
    yield "append_events", {**lease, "p_events": [tool_finished([{"path": "got", "sha256": hash_}])]}
    yield "commit_version", {
        **lease, "p_version": "probe", "p_title": "x", "p_manifest": {"got": hash_}, "p_report": None, "p_changes": [],
    }  # fmt: skip
    yield "claim_run", {"p_token": "a token of one's own", "p_lease_s": 60.0, "p_run_id": v.named("run")}
    yield "claim_run", {"p_token": "a token of one's own", "p_lease_s": 60.0, "p_run_id": v.named("done")}
    yield "clear_preview", {"p_project": v.named("project"), "p_sandbox_id": s.named("sandbox")}


def user_probes(scene: Scene) -> Iterator[Attack]:
    for function, asked in _user_probes(scene.victim, scene.stranger).items():
        for n, arguments in enumerate(asked):
            yield _probe("stranger", function, arguments, n)
        yield _probe("nobody", function, asked[0], 0)
    waiting = {"p_id": scene.victim.named("followup"), "p_project": scene.stranger.named("idle")}
    start = {**waiting, "p_kind": "restore", "p_prompt": ""}
    yield _probe("stranger", "start_run", start, "by the id of what waits", refused_as="not_found")
    yield _probe("newcomer", "project_cards", {}, 0)
    yield Attack("a newcomer's usage has others' in it", "public.usage", _mixed_usage)
    yield Attack("a newcomer is held back by what others do", "public.start_run", _held_back)
    yield Attack("a newcomer is held back by how much others have", "public.start_run", _held_back_by_plenty)
    yield Attack("a newcomer is told when others may go on", "public.start_run", _others_window)


def visitor_probes(scene: Scene) -> Iterator[Attack]:
    for function, asked in _visitor_probes(scene.victim).items():
        for n, arguments in enumerate(asked):
            yield _probe("anon", function, arguments, n)
    yield Attack("the prompts of a link that hides them", "public.open_share", _hidden_prompts)


def worker_probes(scene: Scene) -> Iterator[Attack]:
    v, s = scene.victim, scene.stranger
    for function, arguments in _lease_arguments(v).items():
        leases = {
            "another run's token": {**lease_of(v, "run"), "p_token": lease_of(s, "run")["p_token"]},
            "a run's that is over": lease_of(v, "done"),
            "no token": {**lease_of(v, "run"), "p_token": None},
        }
        for name, lease in leases.items():
            yield _probe("codeflow_worker", function, {**lease, **arguments}, name, refused_as="lease_lost")
    over = {**lease_of(s, "run"), "p_run": v.named("done"), "p_event": run_finished("succeeded")}
    yield _probe("codeflow_worker", "finish_run", over, "again, by another", refused_as="lease_lost")
    for n, (function, arguments) in enumerate(_other_worker_probes(v, s)):
        yield _probe("codeflow_worker", function, arguments, n)


def probed(scene: Scene) -> dict[str, set[str]]:
    """Which functions of each kind have probes."""
    return {
        "user": set(_user_probes(scene.victim, scene.stranger)),
        "anybody": set(_visitor_probes(scene.victim)),
        "leased": set(_lease_arguments(scene.victim)),
    }


def unprobed(scene: Scene) -> set[str]:
    known = probed(scene)
    # These answer any worker, and have nothing of a user's in their answer but the names of runs and sandboxes.
    anyworker = WORKER - LEASED
    return (USER - known["user"]) | (ANYBODY - known["anybody"]) | (WORKER - known["leased"] - anyworker)


def _probe(actor: str, function: str, arguments: Arguments, which: object, refused_as: str | None = None) -> Attack:
    def attempt(session: Session, scene: Scene) -> str | None:
        become(session, scene, actor)
        answer = session.attempt_call(function, **arguments)
        if not isinstance(answer, Refused):
            session.act("postgres")
            if scene.digest(session) != scene.untouched:
                return f"changed what is the victim's: {answer}"
        return _judged(scene, answer, arguments, refused_as, anonymous=actor == "nobody")

    return Attack(f"{actor} calls {function} ({which})", f"public.{function}", attempt)


def _judged(scene: Scene, answer: Any, arguments: Arguments, refused_as: str | None, *, anonymous: bool) -> str | None:
    if isinstance(answer, Refused):
        expected = answer.code.startswith("PT") and (refused_as is None or answer.hint == refused_as)
        return None if expected else f"was not refused properly: {answer}"
    if refused_as is not None:
        return f"was answered: {answer}"
    if scene.victim.leaked_in(answer):
        return f"leaked: {answer}"
    if _names(arguments, scene.victim) and answer is not None and answer is not False:
        return f"was answered: {answer}"
    if anonymous and answer not in ([], None):
        return f"answered somebody who is nobody: {answer}"
    return None


def _names(arguments: Arguments, person: Person) -> bool:
    return person.leaked_in(arguments)


def _mixed_usage(session: Session, scene: Scene) -> str | None:
    become(session, scene, "newcomer")
    usage = session.call("usage")
    del usage["tier"]
    return f"{usage}" if any(usage.values()) else None


def _held_back(session: Session, scene: Scene) -> str | None:
    answer = _first_prompt(session, scene)
    return None if answer["ok"] else f"refused: {answer}"


def _held_back_by_plenty(session: Session, scene: Scene) -> str | None:
    session.sql(
        """insert into public.projects (id, owner, title, head_id, sandbox_id, created_at, updated_at)
        select 'many-' || n, %s, 'x', 'x', 'box-' || n, now(), now() from generate_series(1, 1990) n""",
        scene.victim.id,
    )
    become(session, scene, "newcomer")
    for n in range(10):
        made = session.attempt_call("create_project", p_id=f"p{n}", p_version_id=f"p{n}", p_title="x", p_files={})
        if isinstance(made, Refused):
            return f"refused: {made}"
    answer = session.call("start_run", p_id="awake", p_project="p1", p_kind="wake", p_prompt="")
    return None if answer["ok"] else f"refused: {answer}"


def _others_window(session: Session, scene: Scene) -> str | None:
    session.sql("update public.tiers set points = 0 where id = 'free'")
    answer = _first_prompt(session, scene)
    return f"told: {answer}" if answer.get("kind") != "points" or answer["resets_at"] else None


def _first_prompt(session: Session, scene: Scene) -> Any:
    become(session, scene, "newcomer")
    session.call("create_project", p_id="first", p_version_id="first", p_title="First", p_files={})
    return session.call("start_run", p_id="first", p_project="first", p_kind="prompt", p_prompt="")


def _hidden_prompts(session: Session, scene: Scene) -> str | None:
    session.act("anon")
    answer = session.call("open_share", p_token=scene.victim.named("closed"))
    return f"prompts: {answer}" if answer["prompts"] or scene.victim.secret.decode() in str(answer) else None
