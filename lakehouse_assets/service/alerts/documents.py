"""The bodies of requests and responses of alerts.

Belongs here: their fields and bounds. Does not belong here: what is done with them (``handlers``).
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lakehouse_assets.alerts.model import Draft, Entry, Kept
from lakehouse_assets.alerts.outbox import Receiver
from lakehouse_assets.alerts.targets import Target
from lakehouse_assets.alerts.wishes import Offer, Understood
from lakehouse_assets.service.questions.models import Now
from nlq.core.plan import Name, Text
from nlq.core.utc import Moment
from nlq.watching.states import State


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Wish(_Request):
    """A wish in words: to be told when something is so, or to be sent something by the clock."""

    sentence: Text = Field(min_length=1, max_length=1_000, pattern=r"\S")
    now: Now | None = Field(default=None, description="As in POST /nlq.")

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"sentence": "tell me when backlog in ward 3 passes 100"}]},
    )


class Mute(_Request):
    """Until when nothing is sent; null: sent again from now on."""

    until: Now | None = None


class Test(_Request):
    """A target to send a message to, to see whether it arrives."""

    target: Name


class OfferDocument(BaseModel):
    """A draft to be confirmed, what it means in plain words, and what the figure is now."""

    draft: Draft
    says: str
    now: str = ""

    @classmethod
    def of(cls, offer: Offer) -> OfferDocument:
        """The document of an offer."""
        return cls(draft=offer.draft, says=offer.says, now=offer.now)


class UnderstoodDocument(BaseModel):
    """What a sentence came to: one offer; or a question back with several, or with sentences that are clear."""

    offers: tuple[OfferDocument, ...] = ()
    question: str = ""
    sentences: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Understood) -> UnderstoodDocument:
        """The document of what was understood."""
        offers = tuple(map(OfferDocument.of, found.offers))
        return cls(offers=offers, question=found.question, sentences=found.sentences)


class GroupDocument(BaseModel):
    """A group that is not well; of an alert without groups its name is empty."""

    group: str
    state: State
    since: Moment | None


class AlertDocument(BaseModel):
    """An alert or a subscription. ``says`` is what was seen last, ``editable`` whether the caller may change it."""

    id: str
    name: str
    kind: Literal["alert", "subscription"]
    meaning: str
    state: State
    says: str
    groups: tuple[GroupDocument, ...]
    judged_at: Moment | None
    next_at: Moment | None = Field(description="When it is sent next; null for alerts.")
    muted_until: Moment | None
    created_at: Moment
    made_by: str
    tenant: str | None
    role: str
    editable: bool
    draft: Draft

    @classmethod
    def of(cls, kept: Kept, *, editable: bool) -> AlertDocument:
        """The document of an alert."""
        groups = tuple(
            GroupDocument(group=name, state=one.state, since=one.since) for name, one in sorted(kept.standings.items())
        )
        return cls(
            id=kept.id, name=kept.draft.name, kind=kept.draft.kind, meaning=kept.draft.meaning, state=kept.state,
            says=kept.says, groups=groups, judged_at=kept.judged_at,
            next_at=kept.due_at if kept.draft.cron else None, muted_until=kept.muted_until,
            created_at=kept.created_at, made_by=kept.made_by, tenant=kept.caller.tenant, role=kept.caller.role,
            editable=editable, draft=kept.draft,
        )  # fmt: skip


class TargetDocument(BaseModel):
    """A target that the caller may choose, and how it does; ``missing`` says what the operator has to add."""

    name: str
    kind: Literal["email", "slack", "webhook"]
    description: str = ""
    missing: str = ""
    waiting: int = 0
    failures: int = 0
    error: str = ""
    next_at: Moment | None = None
    sent_at: Moment | None = None

    @classmethod
    def of(cls, target: Target, does: Receiver | None) -> TargetDocument:
        """The document of a target."""
        known = (
            {}
            if does is None
            else {n: getattr(does, n) for n in ("waiting", "failures", "error", "next_at", "sent_at")}
        )
        return cls(name=target.name, kind=target.kind, description=target.description, missing=target.missing, **known)


class Alerts(BaseModel):
    """What the caller may see of alerts; ``domains`` are those whose mail addresses may be named as targets."""

    alerts: tuple[AlertDocument, ...]
    targets: tuple[TargetDocument, ...]
    domains: tuple[str, ...]
    zone: str


class EntryDocument(BaseModel):
    """A state that was entered. ``silent`` says why nothing was sent of it."""

    at: Moment
    group: str
    state: State
    before: State
    says: str
    value: float | None
    silent: str

    @classmethod
    def of(cls, entry: Entry) -> EntryDocument:
        """The document of an entry."""
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


class MessageDocument(BaseModel):
    """A message that was made of an alert: waiting, sent, folded into a digest with others, or given up."""

    id: str
    target: str
    status: Literal["waiting", "sent", "folded", "given_up"]
    tries: int
    error: str
    created_at: Moment
    not_before: Moment
    sent_at: Moment | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> MessageDocument:
        """The document of a row of the outbox."""
        return cls(**row)


class AlertHistory(BaseModel):
    """An alert, what was told of it, and its messages, the newest first."""

    alert: AlertDocument
    entries: tuple[EntryDocument, ...]
    messages: tuple[MessageDocument, ...]


class Tested(BaseModel):
    """Whether a test message arrived; else why not, or which addresses did not get it."""

    target: str
    sent: bool
    error: str = ""
