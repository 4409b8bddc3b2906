"""What a run may load, as an attacker names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse_assets.ingest.files.allowed import Allowed, OutsideError
from lakehouse_assets.settings import Settings, get_settings


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """A landing folder with a file, links out of it and a link within it, beside a file that nobody meant."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "shadow.csv").write_text("secret")
    landing = tmp_path / "landing"
    (landing / "shop").mkdir(parents=True)
    (landing / "shop" / "good.csv").write_text("x")
    (landing / "shop" / "inside.csv").symlink_to("good.csv")
    (landing / "shop" / "link.csv").symlink_to("../../elsewhere/shadow.csv")
    (landing / "shop" / "[s]hadow.csv").symlink_to("../../elsewhere/shadow.csv")
    (landing / "linked").symlink_to("../elsewhere")
    return landing


@pytest.mark.parametrize(
    "named",
    [
        "{0}/elsewhere/shadow.csv", "file://{0}/elsewhere/shadow.csv", "FILE://{0}/elsewhere/shadow.csv",
        "local://{0}/elsewhere/shadow.csv", "{0}/elsewhere", "{0}/elsewhere/*.csv", "{0}/**",
        "{0}/elsewhere/[s]hadow.csv", "{0}", "{0}/*", "/**", "*", "/etc/passwd", "/proc/self/environ",
        "/nowhere/at-all.csv", "../../../../etc/passwd", "{0}/landing/../elsewhere/shadow.csv",
        "{0}/landing/shop/../../elsewhere/*", "{0}/landing-other/x.csv", "{0}/landing/shop/link.csv",
        "{0}/landing/shop/[s]hadow.csv", "{0}/landing/linked", "{0}/landing/linked/*",
        "{0}/landing/linked/shadow.csv", "a\0b", "", "~/x.csv",
        "http://127.0.0.1:8000/x.csv", "https://a/x.csv", "http://169.254.169.254/latest/meta-data", "ftp://a/x.csv",
        "s3://other/x.csv", "s3://in-other/x.csv", "s3://in", "s3://in/sub-other/x.csv", "s3://in/sub/../x.csv",
        "s3a://in/sub/x.csv", "S3://in/sub/x.csv", "s3://in/sub/x::http://127.0.0.1/x.csv", "s3://in/su*/x.csv",
        "simplecache::http://127.0.0.1/x.csv", "zip://x.csv::http://127.0.0.1/x.zip", "memory://x", "reference://x",
        "github://a:b@main/x.csv", "data:text/csv,x", "smb://h/x", "dbfs:/x",
    ],
)  # fmt: skip
def test_nothing_outside_is_looked_for(landing: Path, named: str) -> None:
    name = named.format(landing.parent)
    files, refused = Allowed([str(landing), "s3://in/sub"]).files([name])
    assert files == []
    (error,) = refused
    assert isinstance(error, OutsideError), "and so it is not told whether there is a file"
    assert "ASKLAKE_INGEST_FROM" in str(error) and "asklake ingest" in str(error)


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("shop/good.csv", ["shop/good.csv"]),
        ("shop/*.csv", ["shop/good.csv", "shop/inside.csv"]),
        ("shop", ["shop/good.csv", "shop/inside.csv"]),
        ("", ["shop/good.csv", "shop/inside.csv"]),
        ("**/g*.csv", ["shop/good.csv"]),
    ],
)
def test_what_lies_below_is_found_and_links_lead_nowhere_else(landing: Path, named: str, expected: list[str]) -> None:
    for start in (landing, f"file://{landing}"):
        files, refused = Allowed([str(landing)]).files([f"{start}/{named}".rstrip("/")])
        assert sorted(files) == [str(landing / name) for name in expected]
        assert all(isinstance(error, OutsideError) for error in refused)


def test_addresses_below_a_prefix_are_taken_as_they_are(landing: Path) -> None:
    allowed = Allowed(["s3://in/sub/", str(landing)])
    allowed.check("s3://in/sub")
    assert allowed.files(["s3://in/sub/x/*.csv"]) == (["s3://in/sub/x/*.csv"], [])


def test_a_landing_folder_may_be_a_link(landing: Path) -> None:
    (landing.parent / "short").symlink_to(landing)
    files, _ = Allowed([str(landing.parent / "short")]).files([str(landing.parent / "short" / "shop" / "good.csv")])
    assert len(files) == 1


def test_a_file_that_is_not_there_is_told_of(landing: Path) -> None:
    _, (error,) = Allowed([str(landing)]).files([str(landing / "shop" / "none.csv")])
    assert "no such file" in str(error)


def test_the_settings_name_the_roots(settings: Settings, tmp_path: Path) -> None:
    named = settings.model_copy(update={"ingest_from": f"s3://bucket/in, {tmp_path}/inbox,"})
    allowed = Allowed.of(named)
    for name in (f"{settings.landing_root}/x", f"{tmp_path}/inbox/x", "s3://bucket/in/x"):
        allowed.check(name)
    with pytest.raises(OutsideError):
        allowed.check(f"{tmp_path}/inbox2/x")


@pytest.mark.parametrize(
    "text", ["relative", "http://x/y", "file:///x", "s3://", "s3://b*", "s3://b/../c", "/a/../b", "/a, ftp://b"]
)
def test_the_settings_name_places_only(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKLAKE_INGEST_FROM", text)
    with pytest.raises(ValueError, match="neither the whole path of a folder nor an s3:// address"):
        get_settings()
