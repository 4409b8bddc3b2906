"""Options that several commands take, each declared once.

Belongs here: how they are written and what their help says. Does not belong here: options of one command (cli.py).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from lakehouse_assets.commands.days import FORMS, HOUR_FORM, day, day_or_hour

Tenant = Annotated[str | None, typer.Option("--tenant", help="Tenant to act as, for example pb.amritsar.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="Most rows to return.")]
At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="COMMIT|TIME",
        help="The lake as it was at a time (UTC, as 2026-06-01T12:00), a commit (`asklake log`), or a publication.",
    ),
]  # fmt: skip
First = Annotated[date | None, typer.Option("--from", parser=day, metavar="DAY", help=f"First day: {FORMS}.")]
Last = Annotated[
    date | None, typer.Option("--to", parser=day, metavar="DAY", help="Last day, written in the same ways.")
]
FirstBuilt = Annotated[
    date | None,
    typer.Option(
        "--from", parser=day_or_hour, metavar="DAY|HOUR", help=f"First day: {FORMS}; or first hour: {HOUR_FORM}."
    ),
]
LastBuilt = Annotated[
    date | None,
    typer.Option("--to", parser=day_or_hour, metavar="DAY|HOUR", help="Last day or hour, written in the same ways."),
]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the API and the chat page.")]
ReadOnly = Annotated[bool, typer.Option("--read-only", help="Dagit only shows; nothing is launched in it.")]
WithParent = Annotated[bool, typer.Option("--with-parent", hidden=True, help="End when the parent does.")]
