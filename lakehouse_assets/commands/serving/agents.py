"""`asklake mcp`: the tools of agents over standard input and output, for a program on this machine that starts it.

Belongs here: opening what they ask, and who asks. Does not belong here: the tools and their protocol (service.agents).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import anyio.to_thread

from lakehouse_assets.commands.failures import CommandError
from lakehouse_assets.commands.output import Out
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.search.answering import open_answerer
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.agents.door import NotInstalledError, serve_stdio
from lakehouse_assets.service.agents.tools import Tool
from lakehouse_assets.service.questions.handlers import Handlers
from lakehouse_assets.settings import get_settings
from nlq.answering.cache import AnswersInProcess, KeptAnswers
from nlq.core.guard import Caller
from nlq.storage.journal import Journal
from nlq.storage.queue import QuestionQueue


def serve(out: Out, tenant: str | None) -> None:
    """Serve until standard input ends.

    Raises:
        CommandError: the extra is missing.
    """
    settings = get_settings()
    lake = Lake(settings)
    with out.quietly():
        answerer = open_answerer(lake, kept=KeptAnswers(AnswersInProcess()))
        answerer.vocabulary()
    queue, journal = QuestionQueue(settings.queue_url), Journal(settings.queue_url)
    handlers, asker = Handlers(lake, answerer, queue, journal), Asker(Caller(tenant=tenant), "mcp")
    threads = anyio.CapacityLimiter(settings.workers)

    async def run(_request: Any, tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(tool.run, handlers, asker, arguments, limiter=threads)

    try:
        serve_stdio(run)
    except NotInstalledError as error:
        raise CommandError(str(error), "then start it again", kind="not_installed") from None
    finally:
        for part in (queue, journal):
            part.close()
