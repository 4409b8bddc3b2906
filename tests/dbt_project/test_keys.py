"""Keys of several parts: joined to one text, they are equal only where every part is."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from lakehouse_assets.ingest.mapping.record_keys import key_part
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.settings import get_settings

PARTS = ["a", "b", "c"]
TEXTS = st.text(st.sampled_from("x/%25F0\x1b\x1f1"), max_size=6)
Key = tuple[str | None, ...]
keys = st.lists(st.tuples(*[st.none() | TEXTS] * 3), min_size=2, max_size=8, unique=True)


def joined_in_semantic_models() -> list[str]:
    """Every expression of the semantic models that joins columns."""
    found = []
    for path in sorted(get_settings().project_root.glob("semantic/models/*/semantic_models.yml")):
        for model in yaml.safe_load(path.read_text()).get("semantic_models", []):
            parts = [*model.get("entities", []), *model.get("measures", []), *model.get("dimensions", [])]
            found += [p["expr"] for p in parts if "||" in str(p.get("expr"))]
    return sorted(set(found))


@pytest.fixture(scope="module")
def joined_key(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What dbt renders the macro to."""
    target, project = tmp_path_factory.mktemp("target"), get_settings().dbt_project_dir
    macros = manifest.part(manifest.load(get_settings()), ())
    result = manifest.invoke(
        ["compile", "--inline", f"{{{{ joined_key({PARTS}) }}}}"], project, project, target, macros
    )
    assert result.success, result.exception
    return result.result.results[0].node.compiled_code  # pyright: ignore


def texts_of(expression: str, columns: list[str], keys: list[Key]) -> list[str | None]:
    """What the expression gives for each key, of which a part stands in each column."""
    rows = [[n, *key[: len(columns)]] for n, key in enumerate(keys)]
    with open_instance() as con:
        con.execute(f"create table keys (n integer, {', '.join(f'{c} varchar' for c in columns)})")
        con.executemany(f"insert into keys values (?, {', '.join('?' * len(columns))})", rows)
        return [text for (text,) in con.execute(f"select {expression} from keys order by n").fetchall()]


@settings(deadline=None, max_examples=150)
@given(keys)
@example([("x/y", "z", ""), ("x", "y/z", ""), ("x%2Fy", "z", ""), (None, "", "z"), ("%00", "", "z"), ("", "", "z")])
def test_different_keys_are_different_texts(joined_key: str, keys: list[Key]) -> None:
    assert len(set(texts_of(joined_key, PARTS, keys))) == len(keys)
    of_a_load = " || chr(31) || ".join(key_part(part, empty_is_null=True) for part in PARTS)
    assert len(set(texts_of(of_a_load, PARTS, keys))) == len(keys)


def test_parts_without_a_stroke_are_read_as_they_are(joined_key: str) -> None:
    assert texts_of(joined_key, PARTS, [("pb.amritsar", "O-1", "é 7")]) == ["pb.amritsar/O-1/é 7"]
    assert texts_of(key_part("a", empty_is_null=True), ["a"], [("pb.amritsar/%",)]) == ["pb.amritsar/%"]


@pytest.mark.parametrize("expression", joined_in_semantic_models())
def test_what_is_counted_across_tenants_is_told_apart(expression: str) -> None:
    tree = parse_one(expression, read="duckdb")
    condition = tree.args["ifs"][0].this if isinstance(tree, exp.Case) else None
    joined = tree.args["ifs"][0].args["true"] if condition is not None else tree
    cast = {c.this.name for c in joined.find_all(exp.Cast) if isinstance(c.this, exp.Column)}
    columns = sorted({c.name for c in joined.find_all(exp.Column)} - cast)
    fixed = joined.transform(lambda n: exp.Literal.string("2026-06-01") if isinstance(n, exp.Cast) else n)
    hostile = ["x", "x/y", "y/z", "z", "x%2Fy", "x/y/z", "", "2026-06-01", "x/2026-06-01", "2026-06-01/x"]
    pairs: list[Key] = [(a, b, c) for a in hostile for b in hostile for c in (hostile if len(columns) > 2 else ["x"])]
    found = texts_of(fixed.sql("duckdb"), columns, pairs)
    assert None not in found and len(set(found)) == len(pairs)
