"""Looking at what strangers sent: in processes of their own, a few at a time, and in turn for everyone.

Belongs here: whose turn it is, and what a caller is told where a look was ended. Does not belong here: such processes
(apart), or what is looked at (intake.tables, uploads.looking).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from lakehouse_assets.apart import Apart, EndedError, TooLongError, TooMuchMemoryError
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.service.admission.work import Work
from lakehouse_assets.settings.types import size_in_bytes
from lakehouse_assets.uploads.working import NEEDED

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

AT_ONCE = 2
"""Looks at a time, of which one caller with a key has one at most."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Looks:
    """Has functions look at what was sent. Its methods are called by one event loop alone."""

    def __init__(self, settings: Settings) -> None:
        """No process is started yet."""
        self._settings = settings
        self._apart = Apart(
            size_in_bytes(settings.look_memory), settings.look_timeout_s, processes=AT_ONCE, needs=NEEDED
        )  # fmt: skip
        self._work = Work(AT_ONCE, per_asker=1, longest_wait_s=settings.look_timeout_s)

    async def run(self, asker: str, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a function of a module on what an asker sent.

        Raises:
            ApiError: it took more than it may, or its turn did not come.
            Exception: whatever the function raised.
        """
        try:
            return await self._work.run(asker, self._apart.run, function, *args, **kwargs)
        except TooLongError:
            raise _too_costly(f"took more than {self._settings.look_timeout_s:g} s") from None
        except TooMuchMemoryError:
            raise _too_costly(f"takes more than {self._settings.look_memory} of memory") from None
        except EndedError as error:
            logger().error("look_ended", problem=str(error))
            raise _too_costly("ended the process that read it, as what takes too much memory does") from None

    def close(self) -> None:
        """End the processes."""
        self._apart.close()


def _too_costly(what: str) -> ApiError:
    message = f"Reading it {what}, so it was given up; is a quote never closed, or is it damaged? Send it in parts."
    return ApiError(422, "too_costly", message)
