"""`asklake key`: making, listing, revoking and forgetting the keys of the API.

Belongs here: showing keys. Does not belong here: keeping them (nlq.storage.keys), or admitting callers (service).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.output import Out
from lakehouse_assets.settings import get_settings
from nlq.storage.keys import KeyStore

if TYPE_CHECKING:
    from nlq.storage.keys import Key


@contextmanager
def _store() -> Iterator[KeyStore]:
    store = KeyStore(get_settings().queue_url)
    try:
        yield store
    finally:
        store.close()


def create(out: Out, name: str, tenant: str | None, role: str) -> None:
    """Make a key and show its text, this once."""
    with _store() as store:
        try:
            key, text = store.create(name, tenant=tenant, role=role)
        except ValueError as error:
            raise CommandError(str(error), "", Exit.USAGE) from error
    out.say(text, style="bold")
    out.say(f"Keep it: it cannot be shown again. Role {role}, {_whose(key)}; `asklake key revoke {key.id}` ends it.")
    out.say("From now on every caller of the API needs a key.")
    out.emit({**_document(key), "key": text})


def list_keys(out: Out) -> None:
    """Every key."""
    with _store() as store:
        keys = store.list()
    if not keys:
        out.say("There is no key: on this machine everyone may ask. `asklake key create NAME` makes the first.")
    out.table(
        ("id", "name", "tenant", "role", "made", "revoked"),
        [(k.id, k.name, k.tenant, k.role, k.created_at, k.revoked_at) for k in keys],
    )
    out.emit({"keys": [_document(key) for key in keys]})


def revoke(out: Out, key_id: str) -> None:
    """End a key; what follows is said where it was the last one."""
    with _store() as store:
        try:
            key = store.revoke(key_id)
        except KeyError as error:
            raise CommandError(f"there is no key '{key_id}'", "`asklake key list` shows them", Exit.USAGE) from error
        valid = store.any_valid()
    out.say(f"{key.name} ({key.id}) is revoked, and the browsers that used it are signed out.")
    if not valid:
        out.say(
            "No key is left, and nobody can ask over HTTP: `asklake key create NAME` makes a new one, "
            "`asklake key forget` lets everyone on this machine ask without one."
        )
    out.emit({**_document(key), "any_valid": valid})


def forget(out: Out) -> None:
    """Remove the revoked keys; where none is left, no key is needed on this machine."""
    with _store() as store:
        count, left = store.forget_revoked(), store.any()
    keys = "1 revoked key is" if count == 1 else f"{count} revoked keys are"
    out.say(f"{keys} forgotten. " + ("Callers still need a key." if left else "There is no key: on this machine "
            "everyone may ask. `asklake key create NAME` makes one."))  # fmt: skip
    out.emit({"forgotten": count, "any": left})


def _whose(key: Key) -> str:
    return f"tenant {key.tenant}" if key.tenant else "every tenant"


def _document(key: Key) -> dict[str, Any]:
    return vars(key)
