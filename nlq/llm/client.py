"""Calling an OpenAI-compatible endpoint: three tries with backoff, a time limit over all, and a circuit breaker.

Belongs here: what can go wrong between here and there. Does not belong here: prompts, plans, the breaker itself
(``lakehouse_assets.breaker``).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lakehouse_assets.breaker import Breaker

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

TRIES = 3
BACKOFF_S = 0.5
BREAK_AFTER = 3
BREAK_S = 30.0
_LEAST_S = 0.05
Message = dict[str, str]


class ModelUnavailableError(Exception):
    """The endpoint gave no usable reply; the text says why, for the log and for people."""


class ModelClient:
    """One endpoint and model. Thread-safe; all planners of a process share it."""

    def __init__(
        self,
        base_url: str,
        model: str,
        key: str = "",
        *,
        timeout_s: float = 20.0,
        breaker: Breaker | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Nothing is called yet.

        Args:
            base_url: The endpoint, up to and with its version, e.g. http://localhost:11434/v1.
            model: Name of the model there.
            key: Key of the endpoint, if it wants one.
            timeout_s: Longest time for one reply, with all its tries.
            breaker: Shared state of the endpoint; a new one if None.
            sleep: Waits between tries.
        """
        from openai import OpenAI

        self.model, self._timeout_s = model, timeout_s
        # The package wants a key even where the endpoint does not.
        self._client = OpenAI(base_url=base_url, api_key=key or "none", max_retries=0)
        self._breaker, self._sleep = breaker or Breaker(BREAK_AFTER, BREAK_S), sleep

    @classmethod
    def of(cls, settings: Settings) -> ModelClient | None:
        """The client of the settings, or None where they name no model."""
        if not (settings.llm_base_url and settings.llm_model):
            return None
        key = settings.llm_api_key.get_secret_value()
        return cls(settings.llm_base_url, settings.llm_model, key, timeout_s=settings.llm_timeout_s)

    def deadline(self) -> float:
        """The moment by which a question must be done with, for several replies to share."""
        return time.monotonic() + self._timeout_s

    def reply(self, messages: Sequence[Message], schema: dict[str, Any] | None = None, deadline: float = 0.0) -> str:
        """The text of the model's reply, or the arguments of the tool call that it chose to answer by.

        Raises:
            ModelUnavailableError: no reply in time, or after three tries, or the breaker is open.
        """
        if not self._breaker.admit():
            raise ModelUnavailableError("it failed several times and is left alone for a while")
        try:
            text = self._tried(list(messages), schema, deadline or self.deadline())
        except ModelUnavailableError:
            self._breaker.report(ok=False)
            raise
        self._breaker.report(ok=True)
        return text

    def _tried(self, messages: list[Message], schema: dict[str, Any] | None, deadline: float) -> str:
        import openai

        problem = "it did not reply"
        for attempt in range(TRIES):
            left = deadline - time.monotonic()
            if left < _LEAST_S:
                raise ModelUnavailableError(f"it took too long ({problem})")
            try:
                return self._once(messages, schema, left)
            except openai.BadRequestError as error:
                if schema is None:
                    raise ModelUnavailableError("it refused the request") from error
                schema = None  # an endpoint that knows no schemas: the prompt names the form as well
            except (openai.APITimeoutError, TimeoutError):
                problem = "it did not reply in time"
            except openai.APIConnectionError:
                problem = "it cannot be reached"
                self._pause(attempt, None, deadline)
            except (openai.RateLimitError, openai.InternalServerError) as error:
                problem = f"it answered {error.status_code}"
                self._pause(attempt, error.response.headers.get("retry-after"), deadline)
            except openai.APIStatusError as error:
                raise ModelUnavailableError(f"it answered {error.status_code}") from error
            except (openai.APIError, ValueError) as error:
                raise ModelUnavailableError("its reply is not one of an OpenAI-compatible endpoint") from error
        raise ModelUnavailableError(problem)

    def _once(self, messages: list[Message], schema: dict[str, Any] | None, left: float) -> str:
        form: dict[str, Any] = {}
        if schema is not None:
            form["response_format"] = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}
        request: dict[str, Any] = {"model": self.model, "messages": messages, "temperature": 0, **form}
        made: Any = self._client.with_options(timeout=left).chat.completions.create(**request)
        choices = getattr(made, "choices", None)
        message = choices[0].message if choices else None
        if message is None:
            raise ValueError("no choice")
        if message.tool_calls:
            return message.tool_calls[0].function.arguments or ""
        return message.content or ""

    def _pause(self, attempt: int, retry_after: str | None, deadline: float) -> None:
        """Wait before the next try: as long as the endpoint says, else longer each time; never past the deadline."""
        wait = BACKOFF_S * 2**attempt * random.uniform(0.75, 1.25)
        if retry_after and retry_after.isdigit():
            wait = float(retry_after)
        self._sleep(max(0.0, min(wait, deadline - time.monotonic())))
