"""The tables of alerts in the database of the questions: alerts, standings, history, outbox, receivers.

Belongs here: the tables alone. Does not belong here: what is done in them (``store``, ``outbox``).
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("tenant", sa.Text),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("key_id", sa.String(16), nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("draft", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("muted_until", sa.DateTime),
    sa.Column("removed_at", sa.DateTime),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("tables", sa.Text, nullable=False),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("due_at", sa.DateTime),
    sa.Column("judged_at", sa.DateTime),
    sa.Column("says", sa.Text, nullable=False),
)
standings = sa.Table(
    "alert_standings",
    metadata,
    sa.Column("alert_id", sa.String(36), primary_key=True),
    sa.Column("group_id", sa.String(64), primary_key=True),
    sa.Column("group_name", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("since", sa.DateTime, nullable=False),
    sa.Column("told", sa.String(16), nullable=False),
    sa.Column("was_firing", sa.Boolean, nullable=False),
)
history = sa.Table(
    "alert_history",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("alert_id", sa.String(36), nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("group_name", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("before", sa.String(16), nullable=False),
    sa.Column("says", sa.Text, nullable=False),
    sa.Column("value", sa.Float),
    sa.Column("silent", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Index("alert_history_by_alert", "alert_id", "at"),
)
outbox = sa.Table(
    "alert_outbox",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("alert_id", sa.String(36), nullable=False),
    sa.Column("tenant", sa.Text),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("not_before", sa.DateTime, nullable=False),
    sa.Column("held", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("sent_at", sa.DateTime),
    sa.Column("lease_until", sa.DateTime),
    sa.Column("digest_id", sa.String(36)),
    sa.Index("alert_outbox_by_status", "status", "target", "created_at"),
    sa.Index("alert_outbox_by_alert", "alert_id", "created_at"),
)
receivers = sa.Table(
    "alert_receivers",
    metadata,
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("next_at", sa.DateTime, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("sent_at", sa.DateTime),
)
