"""What a model is told: all that a plan can say, in few words."""

from __future__ import annotations

import json
from datetime import date

from nlq.core.plan import Plan, plan_schema
from nlq.llm.prompt import messages_for
from nlq.llm.retrieval import part_for
from tests.nlq.vocabularies import complaints


def test_the_schema_has_every_field_and_nothing_twice() -> None:
    system, _ = messages_for("complaints by ward", date(2026, 2, 20), part_for("complaints by ward", complaints()))
    told = json.loads(system["content"].rpartition("JSON schema: ")[2])
    assert told["properties"].keys() == Plan.model_fields.keys()
    assert told["$defs"].keys() == plan_schema()["$defs"].keys()
    assert '"title"' not in json.dumps(told) and '"default"' not in json.dumps(told)
