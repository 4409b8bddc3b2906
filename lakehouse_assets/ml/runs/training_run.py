"""One training from end to end, in a process of its own that is ended when its time is over.

Belongs here: that process, and fitting a version again from what it noted. Does not belong here: what training is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakehouse_assets.apart import Apart, EndedError, TooLongError, TooMuchMemoryError
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.ml.declared import ModelSpec
from lakehouse_assets.ml.features.examples import CannotLearnError, split_by_time
from lakehouse_assets.ml.features.frames import read_examples
from lakehouse_assets.ml.libraries import lightgbm
from lakehouse_assets.ml.registry.registry import Registry, Version
from lakehouse_assets.ml.training.search import Recipe
from lakehouse_assets.ml.training.training import fit, train

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

Tell = Callable[[str, int], None]
MOST_MINUTES = 30
"""Longest that a training may take."""
USUAL_MINUTES = 5.0
_KEEPING_S = 60.0
"""Seconds beyond the search that reading, judging and keeping may take."""


def tell_nobody(stage: str, tried: int) -> None:
    """Where nobody waits to be told."""


@dataclass(frozen=True)
class Outcome:
    """What became of a training.

    Attributes:
        version: The version that was registered.
        facts: All that was noted of it.
        card: Its card.
    """

    version: Version
    facts: Mapping[str, Any]
    card: str


def train_apart(
    settings: Settings, spec: ModelSpec, minutes: float = USUAL_MINUTES, tell: Tell = tell_nobody
) -> Outcome:
    """Train a model, judge it, register it, and let it serve if it is better.

    The search ends by itself within the time; should anything not, its process is ended a minute later.

    Args:
        settings: The settings.
        spec: The model.
        minutes: How long it may take.
        tell: Told in that process what is being done, and how many settings were tried: a function of a module.

    Raises:
        CannotLearnError: there is nothing to learn from, or time or memory did not suffice.
        ModelsMissingError: the libraries are not installed.
    """
    lightgbm()  # missing is told before a process begins
    seconds = minutes * 60
    processes = Apart(settings.memory_bytes, seconds + _KEEPING_S, processes=1, needs=[__name__])
    try:
        return processes.run(train_now, settings, spec, seconds, tell)
    except TooLongError as error:
        raise CannotLearnError(
            f"it was ended after {minutes:g} minutes and the {_KEEPING_S:.0f} seconds for keeping it: give it more "
            f"(--minutes, at most {MOST_MINUTES})"
        ) from error
    except TooMuchMemoryError as error:
        raise CannotLearnError(
            f"it needed more memory than ASKLAKE_MEMORY_LIMIT allows ({settings.memory_limit}): raise it"
        ) from error
    except EndedError as error:
        raise CannotLearnError("its process was ended by the system: see whether the machine has memory") from error
    finally:
        processes.close()


def train_now(settings: Settings, spec: ModelSpec, seconds: float, tell: Tell = tell_nobody) -> Outcome:
    """Train in this process; see `train_apart`."""
    tell("reading", 0)
    registry = Registry(settings)
    serving = registry.serving(spec.name)
    before = registry.predictor(serving) if serving else None
    read = read_examples(Lake(settings), spec)
    trained = train(
        read.examples, seconds=seconds, naive=spec.naive, same_unit=spec.same_unit, before=before, tell=tell
    )  # fmt: skip
    version = registry.record(spec, trained, read.snapshots)
    return Outcome(version, registry.facts(version), registry.card(version))


def fitted_again(settings: Settings, version: Version) -> bool:
    """Whether a version comes out the same when it is fitted again by what it noted: snapshots, recipe and rounds.

    Raises:
        CannotLearnError: its snapshots are no longer kept.
    """
    registry = Registry(settings)
    facts = registry.facts(version)
    spec = ModelSpec.model_validate(facts["model"])
    read = read_examples(Lake(settings), spec, at=facts["snapshots"])
    split = split_by_time(read.examples)
    again = fit(split.refitting, Recipe(**facts["recipe"]), split.judged_from)
    return again.document() == registry.predictor(version).document()
