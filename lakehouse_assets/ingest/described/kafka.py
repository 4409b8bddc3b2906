"""Sources whose records are the messages of Kafka's topics.

Belongs here: what such a source states. Does not belong here: reading topics (intake).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from lakehouse_assets.ingest.described.kinds import SourceKind
from lakehouse_assets.ingest.described.texts import Part

KIND = SourceKind(
    "kafka", "`kafka`: they are the messages of topics, and may come by files and events, too.",
    states=("topics", "start"), needs=("topics",), formats=("json", "ndjson", "avro", "json_schema", "raw"),
)  # fmt: skip


def _valid_start(text: str) -> str:
    if text in ("earliest", "latest"):
        return text
    try:
        if datetime.fromisoformat(text).tzinfo:
            return text
    except ValueError:
        pass
    raise ValueError(f"'{text}' is neither earliest nor latest nor a time with an offset, as 2026-06-30T00:00:00Z")


Topic = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
Start = Annotated[str, AfterValidator(_valid_start)]


class OfKafka(Part):
    """The part of a source that says which topics are read."""

    topics: list[Topic] = Field(default_factory=list, description="Kafka: the topics that its messages are read from.")
    start: Start = Field(
        "earliest", description="Kafka: where a topic is begun with: `earliest`, `latest`, or a time with an offset."
    )

    @model_validator(mode="after")
    def _topics_once(self) -> Self:
        if "topics" in self.model_fields_set and not self.topics:
            raise ValueError("topics: a source of kind kafka names at least one topic")
        if len(set(self.topics)) != len(self.topics):
            raise ValueError("topics: a topic is named twice")
        return self
