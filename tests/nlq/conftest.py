"""What answers questions over the small lake, and where questions are kept."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.opening import open_answerer


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.cluster)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database for questions, of either kind; on PostgreSQL a schema of the test's own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'home' / 'questions.db'}"
        return
    variables = request.getfixturevalue("servers").variables
    server = sa.make_url(variables["ASKLAKE_POSTGRES_URL"].replace("postgresql://", "postgresql+psycopg2://"))
    schema = f"test_{uuid.uuid4().hex}"
    engine = sa.create_engine(server)
    with engine.begin() as con:
        con.execute(sa.schema.CreateSchema(schema))
    yield server.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    with engine.begin() as con:
        con.execute(sa.schema.DropSchema(schema, cascade=True))
    engine.dispose()


@pytest.fixture(scope="session")
def answerer(asked_lake: Lake) -> Answerer:
    """What answers questions over that lake."""
    return open_answerer(asked_lake)
