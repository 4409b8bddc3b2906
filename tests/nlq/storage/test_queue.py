"""The question queue: every transition, under threads and processes, with runs that die."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from nlq.storage.queue import MAX_TRIES, Finished, QuestionQueue, Status


@pytest.fixture
def queue(database_url: str) -> Iterator[QuestionQueue]:
    queue = QuestionQueue(database_url)
    yield queue
    queue.close()


def die(queue: QuestionQueue, owner: str) -> None:
    """What is left when the owner's process is gone: a lease that runs out."""
    queue.heartbeat(owner, -1)


def test_the_way_of_a_question(queue: QuestionQueue) -> None:
    asked = queue.enqueue("complaints by ward", tenant="t", asked_by="me")
    assert asked.status is Status.QUEUED
    (claimed,) = queue.claim(10, "run")
    assert claimed.status is Status.RUNNING
    assert queue.open(claimed.id, "run")
    assert queue.complete("run", {claimed.id: Finished(Status.ANSWERED, "answer")}) == 1
    done = queue.get(asked.id)
    assert (done.status, done.answer_id, done.tries) == (Status.ANSWERED, "answer", 1)
    assert done.finished_at
    assert queue.counts() == {**dict.fromkeys(map(str, Status), 0), "answered": 1}


def test_the_same_key_is_the_same_question(queue: QuestionQueue) -> None:
    first = queue.enqueue("a", idempotency_key="k")
    assert queue.enqueue("b", idempotency_key="k").id == first.id
    assert queue.counts()["queued"] == 1


@pytest.mark.parametrize("text", ["", "  ", "x" * 10_001])
def test_bounds_of_a_question(queue: QuestionQueue, text: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        queue.enqueue(text)


def test_fair_between_tenants(queue: QuestionQueue) -> None:
    for n in range(20):
        queue.enqueue(f"loud {n}", tenant="loud")
    for n in range(2):
        queue.enqueue(f"quiet {n}", tenant="quiet")
    queue.enqueue("nobody")
    first = queue.claim(5, "run")
    assert Counter(question.tenant for question in first) == {"loud": 2, "quiet": 2, None: 1}
    assert [q.question for q in first if q.tenant == "loud"] == ["loud 0", "loud 1"]


def test_a_dead_run_returns_its_questions(queue: QuestionQueue) -> None:
    for n in range(3):
        queue.enqueue(f"q{n}")
    held = queue.claim(3, "dead")
    queue.open(held[0].id, "dead")
    queue.open(held[1].id, "dead", closing=[held[0].id])
    die(queue, "dead")
    assert [q.question for q in queue.claim(10, "next")] == ["q0", "q2"], "those it did not die on come first"
    assert [q.question for q in queue.claim(10, "next")] == ["q1"]
    assert queue.complete("dead", {held[0].id: Finished(Status.ANSWERED)}) == 0, "the lease is lost"
    assert not queue.open(held[2].id, "dead")


def test_a_poisoned_question_fails_alone(queue: QuestionQueue) -> None:
    for n in range(12):
        queue.enqueue(f"q{n}")
    for n in range(4):
        queue.enqueue(f"poison {n}")
    for run in range(60):
        owner, closing = f"run{run}", []
        batch = queue.claim(20, owner)
        if not batch:
            break
        for question in batch:
            queue.open(question.id, owner, closing=closing)
            closing = [question.id]
            if question.question.startswith("poison"):
                die(queue, owner)
                break
        else:
            queue.complete(owner, {q.id: Finished(Status.ANSWERED, q.id) for q in batch})
    assert queue.counts()["answered"] == 12
    failed = [q for q in queue.recent(50) if q.status is Status.FAILED]
    assert {q.question for q in failed} == {f"poison {n}" for n in range(4)}
    assert all(q.tries == MAX_TRIES and q.error for q in failed)


def test_release_and_heartbeat(queue: QuestionQueue) -> None:
    queue.enqueue("q")
    queue.claim(1, "run", lease_s=0.05)
    assert queue.heartbeat("run", 60) == 1
    time.sleep(0.06)
    assert queue.expire() == 0
    assert queue.release("run") == 1
    assert queue.counts()["queued"] == 1


def test_an_error_costs_a_try(queue: QuestionQueue) -> None:
    asked = queue.enqueue("q")
    for run in range(MAX_TRIES):
        queue.claim(1, f"r{run}")
        queue.open(asked.id, f"r{run}")
        queue.give_back(asked.id, f"r{run}")
    assert queue.get(asked.id).status is Status.FAILED


def test_threads_never_share_a_question(queue: QuestionQueue) -> None:
    for n in range(200):
        queue.enqueue(f"q{n}", tenant=str(n % 3))
    taken: list[str] = []
    lock = threading.Lock()

    def work(name: str) -> None:
        while batch := queue.claim(7, name):
            with lock:
                taken.extend(question.id for question in batch)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 200


def _drain(url: str, name: str, results: multiprocessing.Queue) -> None:
    queue = QuestionQueue(url)
    taken = []
    while batch := queue.claim(5, name):
        taken += [question.id for question in batch]
        queue.complete(name, {question.id: Finished(Status.ANSWERED) for question in batch})
    results.put(taken)


def test_opened_by_many_at_once(database_url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        queues = list(pool.map(lambda _: QuestionQueue(database_url), range(6)))
        asked = set(pool.map(lambda queue: queue.enqueue("q", idempotency_key="k").id, queues))
    assert len(asked) == 1
    for queue in queues:
        assert queue.counts()["queued"] == 1
        queue.close()


def test_processes_never_share_a_question(queue: QuestionQueue, database_url: str) -> None:
    for n in range(60):
        queue.enqueue(f"q{n}")
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue = context.Queue()
    workers = [context.Process(target=_drain, args=(database_url, f"p{n}", results)) for n in range(2)]
    for worker in workers:
        worker.start()
    taken = [question_id for _ in workers for question_id in results.get(timeout=60)]
    for worker in workers:
        worker.join()
    assert len(taken) == len(set(taken)) == 60
    assert queue.counts()["answered"] == 60
