"""Complaints arrive one by one; the count that asklake answers follows."""

import json
import time
import uuid
from datetime import UTC, datetime
from urllib.request import Request, urlopen

SERVICE = "http://127.0.0.1:8000"


def call(path, body=None, kind="application/json"):
    request = Request(SERVICE + path, body and body.encode(), {"content-type": kind})
    return json.load(urlopen(request))


def count():
    asked = json.dumps({"question": "How many complaints were there today in total?"})
    return call("/nlq", asked)["summary"]


print(count())
for _ in range(20):
    event = {
        "tenant_id": "pg.citya",
        "service": "PGR",
        "entity_type": "COMPLAINT",
        "event_type": "CREATED",
        "entity_id": f"PGR-{uuid.uuid4().hex[:8]}",
        "event_time": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
    }
    call("/events/pgr_events", json.dumps(event), "application/x-ndjson")
    time.sleep(3)
    print(count())
