"""The addresses of the pages, each a file that holds nothing that needs a key.

Belongs here: serving them. Does not belong here: what they show; their scripts ask for it.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

WEB = Path(__file__).resolve().parent.parent / "web"
CHAT, DICTIONARY, UPLOAD = WEB / "index.html", WEB / "dictionary.html", WEB / "upload.html"

router = APIRouter(include_in_schema=False)


def _page(file: Path) -> FileResponse:
    return FileResponse(file, headers={"Cache-Control": "no-cache"})


@router.get("/")
async def chat() -> FileResponse:
    """Questions and answers."""
    return _page(CHAT)


@router.get("/dictionary")
async def dictionary() -> FileResponse:
    """Tables, columns and metrics."""
    return _page(DICTIONARY)


@router.get("/upload")
async def upload() -> FileResponse:
    """Files from people."""
    return _page(UPLOAD)
