"""Documents that are searched: that their declarations can be read, and name texts that may be indexed.

Belongs here: semantic/search as files, against the contracts and the layer. Does not belong here: what a declaration is
(search.declared).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.project import Project
from lakehouse_assets.checking.sources import located
from lakehouse_assets.declared import DeclarationError
from lakehouse_assets.domains import DOMAINS
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.search.declared import Written, at_odds, files, personal_columns, read
from lakehouse_assets.settings import Settings
from semantic.layer import SemanticLayer

_RULE = "search"


def check_search(project: Project) -> Iterator[Finding]:
    """Every declaration reads, is in the file of a domain, and names texts of a table that has a key, once."""
    seen: set[str] = set()
    for path in files(project.root):
        if path.stem not in DOMAINS:
            yield Finding(path, 1, _RULE, f"there is no domain {path.stem}: call it by one, {', '.join(DOMAINS)}")
        try:
            written = read(path)
        except DeclarationError as error:
            yield from (located(path, text, _RULE) for text in str(error).splitlines())
            continue
        for one in written:
            yield from _findings(one, project.contracts, ())
            if one.documents.table in seen:
                yield Finding(path, one.line, _RULE, f"field 'table': {one.documents.table} is declared twice")
            seen.add(one.documents.table)


def check_search_is_not_personal(settings: Settings) -> list[Finding]:
    """Columns that tell of persons and are declared to be searched; the project has to be parsed."""
    contracts, found = Project(settings.project_root).contracts, []
    personal = personal_columns(SemanticLayer(settings).catalog())
    for path in files(settings.project_root):
        try:
            written = read(path)
        except DeclarationError:  # check_search tells of it
            continue
        for one in written:
            known = set(at_odds(one.documents, contracts, ()))
            found += [f for f in _findings(one, contracts, personal) if f.message not in known]
    return found


def _findings(one: Written, contracts: Mapping[str, Contract], personal: Iterable[str]) -> Iterator[Finding]:
    for text in at_odds(one.documents, contracts, personal):
        yield Finding(one.path, one.line, _RULE, text)
