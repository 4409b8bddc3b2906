"""The dictionary as one HTML file that needs nothing else: no server, no network.

Belongs here: putting the page (``service.rendering``) and its data into one file. Does not belong here: the page
itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lakehouse_assets.service.rendering import DICTIONARY, WEB, html

DATA = "dictionary-data"
"""Where the page looks for its data before it asks a service."""
_STYLES = ("style.css", "dictionary.css", "profile.css")
_SCRIPTS = ("js/dom.js", "js/profile.js", "js/features.js", "js/dictionary.js")


def standalone(document: Mapping[str, Any]) -> str:
    """The page with its styles, scripts and data inside."""
    page = html(DICTIONARY, served=False)
    page = re.sub(r'\s*<(link|script)\b[^>]*(href|src)="/web/[^>]*>(</script>)?', "", page)
    styles = "\n".join((WEB / name).read_text(encoding="utf-8") for name in _STYLES)
    theme = (WEB / "js/theme.js").read_text(encoding="utf-8")
    modules = "\n".join(_without_modules((WEB / name).read_text(encoding="utf-8")) for name in _SCRIPTS)
    # A closing tag within the data would end the script.
    data = json.dumps(document, ensure_ascii=False).replace("</", "<\\/")
    head = f"<style>\n{styles}\n</style>\n<script>\n{theme}\n</script>\n"
    data = f'<script type="application/json" id="{DATA}">{data}</script>\n'
    body = f'{data}<script type="module">\n{modules}\n</script>\n'
    return page.replace("</head>", f"{head}</head>").replace("</body>", f"{body}</body>")


def _without_modules(script: str) -> str:
    """A script whose modules are all in one."""
    return re.sub(r"^export ", "", re.sub(r"^import .*\n", "", script, flags=re.MULTILINE), flags=re.MULTILINE)
