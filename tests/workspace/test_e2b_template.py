"""The E2B template is the same starter and runtime the embedded host mounts. Building it needs an account; its steps are checked here."""

import pytest
from e2b import Template

from backend.config import Settings
from backend.domain import Unavailable
from backend.workspace.e2b_template import build, definition


def test_template_installs_both_lockfiles_and_starts_the_dev_server() -> None:
    dockerfile = Template.to_dockerfile(definition(Settings()))
    assert "COPY starter /home/user/app" in dockerfile
    assert "COPY runtime /opt/codeflow" in dockerfile
    assert dockerfile.count("npm ci") == 2
    assert "node /opt/codeflow/dev.cjs" in dockerfile


async def test_building_without_a_key_names_the_variable() -> None:
    with pytest.raises(Unavailable, match="E2B_API_KEY"):
        await build(Settings(E2B_API_KEY=None), on_line=print)
