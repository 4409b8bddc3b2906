"""Vectors in a byte a number are compared as those of the model are."""

from __future__ import annotations

import os
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.search import meaning
from lakehouse_assets.search.meaning import SIZE, Vectors, packed


@given(st.integers(0, 2**32 - 1), st.lists(st.booleans(), min_size=1, max_size=12))
def test_nearness_is_the_cosine(seed: int, known: list[bool]) -> None:
    random = np.random.default_rng(seed)
    vectors, asked = random.normal(size=(len(known), SIZE)), random.normal(size=SIZE)
    asked = (asked / np.linalg.norm(asked)).astype(np.float32)
    kept = [packed(vector) if there else None for vector, there in zip(vectors, known, strict=True)]
    for near, vector, there in zip(Vectors(kept).nearness(asked), vectors, known, strict=True):
        assert near == pytest.approx(vector @ asked / np.linalg.norm(vector) if there else -1.0, abs=0.01)


def test_many_vectors_are_compared_block_by_block() -> None:
    vectors = np.random.default_rng(1).normal(size=(9_000, SIZE)).astype(np.float32)
    asked = vectors[8_500] / np.linalg.norm(vectors[8_500])
    near = Vectors([packed(vector) for vector in vectors]).nearness(asked)
    assert near.argmax() == 8_500 and near.shape == (9_000,)


def test_figures_alone_make_no_other_vector() -> None:
    assert meaning.key_of("Receipt 12", "of store 7") == meaning.key_of("Receipt 345", "of store 88")
    assert meaning.key_of("Receipt", "of store") != meaning.key_of("Receipt", "of a store")


def test_the_model_knows_what_is_alike_and_leaves_the_environment_as_it_was() -> None:
    before = dict(os.environ)
    kept = meaning.of_passages([("", "The lamp in our street does not burn"), ("", "Profit by quarter")])
    near = Vectors(kept).nearness(meaning.of_query("broken streetlight"))
    assert near[0] > near[1]
    assert dict(os.environ) == before


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no priority for each thread")
def test_reading_passages_gives_way_and_its_caller_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen = meaning._model(), list[int]()

    class Watched:
        def passage(self, texts: list[str]) -> list[np.ndarray]:
            seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            return model.passage(texts)

    monkeypatch.setattr(meaning, "_model", Watched)
    before = os.getpriority(os.PRIO_PROCESS, 0)
    assert len(meaning.of_passages([("", "Profit by quarter")])) == 1
    assert seen == [19] and os.getpriority(os.PRIO_PROCESS, 0) == before
