"""README.md and the pages of docs as tests read them: what stands in their blocks.

A block marked `sh` runs as printed on the sample data, in the order of its page. A block without a mark needs what a
test of the page has not, such as servers or a checkout of its own: other tests run it, or its commands are looked up.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))}


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page that are marked with a language; those without a mark where it is empty."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[list[str]]:
    """The words of every `asklake …` of a page, in blocks and in running text."""
    lines = [
        line
        for language in ("sh", "")
        for block in blocks(page, language)
        for line in block.splitlines()
        if line.startswith("asklake ")
    ]
    inline = [text for text in re.findall(r"`(asklake [^`]+)`", PAGES[page]) if "…" not in text]
    return [shlex.split(text, comments=True) for text in (*lines, *inline)]
