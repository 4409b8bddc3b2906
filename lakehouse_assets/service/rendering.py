"""The pages as HTML: templates with one shell around them, made once each.

Belongs here: which pages there are, the way from one to another, putting the shell around them. Does not belong here:
serving them (``pages``), what they show (their scripts, which ask the API).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

WEB = Path(__file__).resolve().parent / "web"
_TEMPLATES = WEB.parent / "templates"
_BOARD = "M3.5 4h5.5v7H3.5zM11.5 4h5v4h-5zM11.5 11h5v5.5h-5zM3.5 14h5.5v2.5H3.5z"
_BOOK = "M4 4.5c2-1 4-1 6 0v11c-2-1-4-1-6 0zM10 4.5c2-1 4-1 6 0v11c-2-1-4-1-6 0"
_BELL = "M5.5 13.5V9a4.5 4.5 0 0 1 9 0v4.5l1.5 1.5H4zM8.5 17h3"
_BULB = "M10 3a5 5 0 0 0-3 9v2h6v-2a5 5 0 0 0-3-9zM8 17h4"
_NAVIGATION = (
    ("home", "/", "Home", "M3.5 9 10 3.5 16.5 9v7.5h-4.5V12H8v4.5H3.5z"),
    ("ask", "/ask", "Ask", "M4 4.5h12v8.5H9.5l-3.5 3v-3H4z"),
    ("dashboards", "/dashboards", "Dashboards", _BOARD),
    ("insights", "/insights", "Insights", _BULB),
    ("alerts", "/alerts", "Alerts", _BELL),
    ("dictionary", "/dictionary", "Data", _BOOK),
    ("upload", "/upload", "Upload", "M10 13V3M6 7l4-4 4 4M3 13v4h14v-4"),
)
"""Place, address, name and icon."""


@dataclass(frozen=True)
class Page:
    """A page: its address, its template, its script and styles, and where it stands in the navigation.

    ``and_document`` is true where a program gets a document by the same address.
    """

    path: str
    template: str
    script: str
    place: str
    styles: tuple[str, ...] = ()
    and_document: bool = False


_READ = ("pages.css", "boards.css", "dialogs.css")
HOME = Page("/", "home.html", "home.js", "home", _READ)
ASK = Page("/ask", "ask.html", "main.js", "ask", ("dialogs.css",))
DASHBOARDS = Page("/dashboards", "dashboards.html", "dashboards.js", "dashboards", _READ, and_document=True)
DASHBOARD = Page("/dashboards/{id}", "dashboard.html", "dashboard.js", "dashboards", _READ, and_document=True)
ANSWER = Page("/answers/{id}", "answer.html", "answer_page.js", "ask", _READ, and_document=True)
ALERTS = Page("/alerts", "alerts.html", "alerts.js", "alerts", ("pages.css", "alerts.css"), and_document=True)
INSIGHTS = Page("/insights", "insights.html", "insights.js", "insights", ("pages.css", "insights.css"))
DICTIONARY = Page("/dictionary", "dictionary.html", "dictionary.js", "dictionary", ("dictionary.css", "profile.css"))
SEARCH = Page("/search", "search.html", "search.js", "searching", ("pages.css", "search.css"), and_document=True)
UPLOAD = Page("/upload", "upload.html", "upload.js", "upload", ("upload.css", "profile.css"))
SHARED = Page("/shared/{link_id}", "shared.html", "shared.js", "shared", _READ, and_document=True)
PAGES = (HOME, ASK, DASHBOARDS, DASHBOARD, ANSWER, INSIGHTS, ALERTS, DICTIONARY, SEARCH, UPLOAD, SHARED)


@cache
def html(page: Page, *, served: bool = True) -> str:
    """A page as HTML; it holds nothing that needs a key.

    Args:
        page: Which.
        served: Whether a service is there, so that there are other pages to go to.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(page.template).render(
        place=page.place, script=page.script, styles=page.styles, served=served, navigation=_NAVIGATION
    )
