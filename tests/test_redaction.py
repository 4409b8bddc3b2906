"""Secrets are found by their value and by what stands around them; what is none stays."""

from __future__ import annotations

import time

import pytest

from lakehouse_assets.redaction import HIDDEN, redacted

SECRET = "S3cr3t-Of.Mine_9"


@pytest.mark.parametrize(
    "text",
    [
        f"key alk_0123456789abcdef_{SECRET} here",
        f"Authorization: Bearer {SECRET}",
        f"Authorization Basic {SECRET}",
        f"Headers({{'authorization': 'Bearer {SECRET}'}})",
        f"(b'authorization', b'Bearer {SECRET}')",
        f"[('password', '{SECRET}')]",
        f'{{"cookie": "asklake={SECRET}; other={SECRET}"}}',
        f"Cookie: asklake={SECRET}; other={SECRET}",
        f"Set-Cookie: asklake={SECRET}; Path=/",
        f"GET /x?api_key={SECRET}&token={SECRET} HTTP/1.1",
        f"postgresql://asklake:{SECRET}@host:5432/name",
        f"redis://:{SECRET}@host",
        f"create secret (type s3, key_id 'k', secret '{SECRET}')",
        f"password={SECRET} host=db",
        f'\\"password\\": \\"{SECRET}\\"',
        f"'s3.secret-access-key': '{SECRET}'",
        f"aws_secret_access_key = {SECRET}",
        f"PassWord={SECRET}",
        f"\u017fecret={SECRET}",
        f"x-amz-credential={SECRET}",
    ],
)
def test_by_what_stands_around_it(text: str) -> None:
    assert SECRET not in redacted(text) and HIDDEN in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "password authentication failed for user “bob”",
        "no password supplied",
        "http://asklake@host:8080/catalog",
        "bronze.loads: 3 rows, at 12:30 by a@b.example",
        "What share of token usage is by password reset?",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert redacted(text) == text


def test_by_its_value_but_not_where_it_is_too_short_to_be_told_from_a_word() -> None:
    assert redacted("the lake said hunter22", ["lake", "hunter2", "hunter22"]) == f"the lake said {HIDDEN}"


@pytest.mark.parametrize("text", ["cookie ", "a:", "://", 'password"', '("', "\\", "a.", "secret-"])
def test_it_takes_time_in_proportion_to_the_text(text: str) -> None:
    begun = time.thread_time()
    redacted(text * (100_000 // len(text)))
    assert time.thread_time() - begun < 2
