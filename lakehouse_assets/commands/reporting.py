"""How the command ends when something is wrong: one sentence on stderr, or with --json one document on stdout.

Belongs here: the group of commands that sees to it, usage errors too. Does not belong here: what an exception means
(failures.py).
"""

from __future__ import annotations

import difflib
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from lakehouse_assets.commands.failures import CommandError, Exit, explain, unforeseen
from lakehouse_assets.commands.output import Out
from lakehouse_assets.redaction import redacted
from lakehouse_assets.shown import shown


class AsklakeGroup(TyperGroup):
    """Runs a command and turns whatever goes wrong into a sentence instead of a traceback."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command the arguments name, and end the process."""
        given = list(sys.argv[1:] if args is None else args)
        if not standalone_mode:
            return super().main(given, prog_name, complete_var, False, windows_expand_args, **extra)
        try:
            code = super().main(given, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.TyperException as error:
            code = _wrong_usage(error, as_json="--json" in given)
        except typer.Abort:
            code = Exit.INTERRUPTED
        except Exception as error:
            if isinstance(error, BrokenPipeError):
                raise
            if "--debug" in given:
                print(redacted("".join(traceback.format_exception(error)), _secrets()), end="", file=sys.stderr)  # noqa: T201
                sys.exit(int(Exit.FAILED))
            known = explain(error) or unforeseen(error)
            report(known, as_json="--json" in given)
            code = known.code
        sys.exit(int(code or 0))


def _wrong_usage(error: typer.TyperException, *, as_json: bool) -> int:
    """Say what was typed wrongly, the nearest that exists, and where all of it is listed."""
    context = getattr(error, "ctx", None)
    text = error.format_message()
    if not text:  # nothing was typed, and so the help was printed
        return error.exit_code
    path = context.command_path if context is not None else "asklake"
    if known := getattr(error, "option_name", None):
        text = f"There is no option {known}." if hasattr(error, "possibilities") else text
        text += _nearest(known, context)
    report(CommandError(text, f"`{path} --help` lists what there is", Exit.USAGE), as_json=as_json)
    return error.exit_code


def _nearest(option: str, context: Any) -> str:
    names = [n for p in context.command.params if not getattr(p, "hidden", False) for n in p.opts] if context else []
    close = difflib.get_close_matches(option, [n for n in names if n.startswith("--")], n=1)
    return f" Did you mean {close[0]}?" if close else ""


def report(error: CommandError, *, as_json: bool) -> None:
    """Print an error: a sentence on stderr, or for programs a document on stdout; no secret is in either."""
    secrets = _secrets()
    if as_json:
        message, hint = redacted(error.problem, secrets), redacted(error.hint, secrets)
        document = {"code": error.kind, "message": message, "hint": hint, "exit_code": int(error.code)}
        Out(as_json=True).emit({"error": document})
    else:
        print(f"asklake: {shown(redacted(str(error), secrets))}", file=sys.stderr)  # noqa: T201


def _secrets() -> tuple[str, ...]:
    """The passwords and keys of the settings; of settings that cannot be read, nothing is told that could hold any."""
    from pydantic import ValidationError

    from lakehouse_assets.settings import get_settings

    try:
        return get_settings().secrets
    except ValidationError:
        return ()
