"""Sending by mail: one message to some addresses, over SMTP with TLS.

Belongs here: the mail and the exchange with the server. Does not belong here: wording (``messages``), when it is tried
again (``outbox``).

The server is the operator's (ASKLAKE_MAIL_SERVER), so it may be in a private network. ``smtps://`` is TLS from the
first byte; with ``smtp://`` the server must offer STARTTLS, unless it is this machine.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import SplitResult, unquote, urlsplit

from lakehouse_assets.alerts.messages import Message, as_csv, as_html, as_text_table
from lakehouse_assets.alerts.sending.bounded import STEP_S, NotSentError, in_time
from lakehouse_assets.http.addresses import is_loopback
from lakehouse_assets.settings import Settings

_PORTS = {"smtps": 465, "smtp": 587}
_TEXT_ROWS = 50
_NAME = "asklake.invalid"
"""What this end calls itself: a name that no machine has (RFC 6761), so that none of this network is told."""
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")


def send(settings: Settings, to: Sequence[str], message: Message) -> str:
    """Send a message to mail addresses.

    Returns:
        Which of them the server refused, in words; empty where it took the message for all. Those that it took it for
        have it: sent again, they would have it twice.

    Raises:
        NotSentError: there is no server, or it took the message for none of them.
    """
    parts = urlsplit(settings.mail_server.get_secret_value())
    if parts.scheme not in _PORTS or not parts.hostname or not settings.mail_from:
        raise NotSentError("ASKLAKE_MAIL_SERVER and ASKLAKE_MAIL_FROM do not name a server and a sender")
    try:
        client = _opened(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])
        with in_time(lambda: client.sock), closing(client):
            refused = _exchange(client, parts, settings.mail_from, to, mail(message, settings.mail_from, to))
            with suppress(OSError, smtplib.SMTPException):  # it has the message, whatever it says to the good-bye
                client.quit()
            return refused
    except smtplib.SMTPRecipientsRefused as error:
        raise NotSentError(f"the mail server refuses {len(error.recipients)} of its addresses") from None
    except smtplib.SMTPResponseException as error:
        raise NotSentError(f"the mail server answered {error.smtp_code}") from None
    except ssl.SSLCertVerificationError:
        raise NotSentError("the certificate of the mail server is not valid for its host") from None
    except (OSError, smtplib.SMTPException):  # smtplib makes one of the other
        raise NotSentError("the mail server did not answer in time, or broke off") from None


def _opened(scheme: str, host: str, port: int) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, _NAME, timeout=STEP_S, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, _NAME, timeout=STEP_S)


def _exchange(client: smtplib.SMTP, parts: SplitResult, sender: str, to: Sequence[str], mail: EmailMessage) -> str:
    client.ehlo_or_helo_if_needed()
    if parts.scheme == "smtp" and client.has_extn("starttls"):
        client.starttls(context=ssl.create_default_context())
    elif parts.scheme == "smtp" and not is_loopback(parts.hostname or ""):
        raise NotSentError("the mail server offers no STARTTLS: write smtps:// where it takes TLS at once")
    if parts.username:
        client.login(unquote(parts.username), unquote(parts.password or ""))
    refused = client.send_message(mail, sender, list(to))
    return f"the mail server refused {len(refused)} of its {len(to)} addresses" if refused else ""


def mail(message: Message, sender: str, to: Sequence[str]) -> EmailMessage:
    """A message as a mail: text, HTML, each table as CSV, and its files. Its Message-ID is the same each time."""
    made = EmailMessage()
    made["Subject"] = " ".join(message.subject.split())  # a title may have several lines, and a header may not
    made["From"] = sender
    made["To"] = ", ".join(to)
    made["Date"] = format_datetime(message.at.replace(tzinfo=UTC))
    made["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2].rstrip('>') or _NAME}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers it
    tables = [f"{table.title}\n\n{as_text_table(table, _TEXT_ROWS)}" for table in message.tables]
    made.set_content("\n\n".join([message.text, *tables]))
    made.add_alternative(as_html(message), subtype="html")
    for table in message.tables:
        name = f"{_UNSAFE.sub('-', table.title).strip('-')[:60] or 'table'}.csv"
        made.add_attachment(as_csv(table), subtype="csv", filename=name)
    for file in message.files:
        kind, _, subtype = file.media_type.partition("/")
        made.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.name)
    return made
