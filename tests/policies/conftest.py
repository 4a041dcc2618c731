from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.policies.scene import Scene, prepare
from tests.policies.session import Session
from tests.supabase.project import SupabaseServer

Connect = Callable[[], psycopg.Connection[Any]]


@pytest.fixture(scope="session")
def connect(supabase_server: SupabaseServer) -> Connect:
    """As the owner of the schema, who may become each of the roles. Who waits too long for another fails."""
    owner = psycopg.connect(supabase_server.database_url, autocommit=True)
    owner.execute("grant codeflow_worker to postgres")
    owner.close()
    return lambda: psycopg.connect(supabase_server.database_url, options="-c lock_timeout=60s")


@pytest.fixture(scope="module")
def furnished(connect: Connect) -> Iterator[tuple[Session, Scene]]:
    """A transaction in which the scene exists. Nothing of it is ever committed."""
    with connect() as connection:
        session = Session(connection)
        scene = prepare(session)
        yield session, scene
        connection.rollback()


@pytest.fixture
def session(furnished: tuple[Session, Scene]) -> Iterator[Session]:
    with furnished[0].undone():
        yield furnished[0]


@pytest.fixture
def scene(furnished: tuple[Session, Scene]) -> Scene:
    return furnished[1]
