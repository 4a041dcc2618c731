"""The SDK's git helpers, which run git in the sandbox."""

import pytest
from e2b import Sandbox

pytestmark = pytest.mark.sandbox


def test_repository_is_made_committed_to_branched_and_restored(shared: Sandbox) -> None:
    shared.git.init("repository", initial_branch="main")
    shared.git.configure_user("Ada", "ada@example.com", scope="local", path="repository")
    shared.files.write("repository/größe.txt", "first")
    assert shared.git.status("repository").has_untracked
    shared.git.add("repository")
    shared.git.commit("repository", "first")
    shared.git.create_branch("repository", "other")
    shared.files.write("repository/größe.txt", "second")
    shared.git.restore("repository", paths=["größe.txt"])
    assert shared.files.read("repository/größe.txt") == "first"
    status = shared.git.status("repository")
    assert (status.is_clean, status.current_branch) == (True, "other")
    assert set(shared.git.branches("repository").branches) == {"main", "other"}


def test_clone_push_and_pull_between_repositories(shared: Sandbox) -> None:
    shared.git.init("upstream", bare=True, initial_branch="main")
    shared.git.clone("/home/user/upstream", "first")
    shared.git.set_config("user.name", "Ada", scope="global")
    shared.git.set_config("user.email", "ada@example.com", scope="global")
    shared.files.write("first/a.txt", "a")
    shared.git.add("first")
    shared.git.commit("first", "a")
    shared.git.push("first", remote="origin", branch="main", set_upstream=True)
    shared.git.clone("/home/user/upstream", "second")
    assert shared.files.read("second/a.txt") == "a"
    assert shared.git.get_config("user.name", scope="global") == "Ada"


def test_credentials_are_kept_where_git_finds_them(shared: Sandbox) -> None:
    shared.git.dangerously_authenticate("ada", "secret", host="git.example.com", protocol="https")
    asked = "printf 'protocol=https\\nhost=git.example.com\\n\\n' | git credential fill"
    assert "password=secret" in shared.commands.run(asked).stdout
