"""Trino, before it is connected: its SQL where that is not every engine's, and what its errors mean.

Belongs here: its specification. Does not belong here: the engine and its sessions (trino).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from lakehouse_assets.lakehouse.engines.dialect import Dialect, Percentiles
from lakehouse_assets.lakehouse.engines.spec import EngineSpec, Failures
from lakehouse_assets.lakehouse.sql import quoted

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Catalog
    from lakehouse_assets.lakehouse.engines.trino import TrinoEngine
    from lakehouse_assets.settings import Settings

# The neighbours of position 1 + p (n - 1), weighed by how near they are.
_AT = "({p} * (cardinality(sorted) - 1))"
_CONTINUOUS = (
    f"sorted[cast(floor({_AT}) as bigint) + 1] + ({_AT} - floor({_AT})) "
    f"* (sorted[cast(ceil({_AT}) as bigint) + 1] - sorted[cast(floor({_AT}) as bigint) + 1])"
)
_DISCRETE = "element_at(sorted, greatest(1, cast(ceil({p} * cardinality(sorted)) as bigint)))"
_SERVERS = "`make cluster-status` shows which servers run; ASKLAKE_ENGINE_URL names "


def _of_sorted(picked: str) -> str:
    """A pattern of what is picked from the sorted values; exact, at the cost of a group's values in memory."""
    # The lambda names the array, which would otherwise be sorted once for each time it is mentioned.
    array = "array_sort(array_agg({value}) filter (where {value} is not null))"
    return f"element_at(transform(array[{array}], sorted -> {picked}), 1)"


def _type_name(name: str) -> str:
    return "timestamp(6)" if name == "TIMESTAMP" else name.lower()


def _hashed(key: Sequence[str]) -> str:
    """Keys that only look alike as text have the same, too."""
    text = f"concat_ws('|', {', '.join(f'cast({quoted(k)} as varchar)' for k in key)})"
    return f"bitwise_and(from_big_endian_64(xxhash64(to_utf8({text}))), {2**63 - 1})"


def _open(settings: Settings, catalog: Catalog) -> TrinoEngine:
    from lakehouse_assets.lakehouse.engines.trino import TrinoEngine  # noqa: PLC0415 - 1 s with its client and PyIceberg
    from lakehouse_assets.lakehouse.nessie.catalog import require_nessie  # noqa: PLC0415 - as long

    return TrinoEngine(settings, require_nessie(catalog))


def _dbt_variables(settings: Settings) -> dict[str, Any]:
    """Where the coordinator is; the password goes by the environment."""
    address, password = urlsplit(settings.engine_url), settings.engine_password.get_secret_value()
    os.environ["DBT_ENV_SECRET_TRINO_PASSWORD"] = password
    return {
        "trino": {
            "method": "ldap" if password else "none",
            "host": address.hostname,
            "port": address.port or (443 if address.scheme == "https" else 8080),
            "user": unquote(address.username or "asklake"),
            "scheme": address.scheme,
        }
    }


DIALECT = Dialect(
    name="trino",
    type_name=_type_name,
    hashed=_hashed,
    distinct="approx_distinct({0})",
    quantiles="array_join(approx_percentile({0}, array[{1}]) filter (where {2}), ', ')",
    epoch="to_unixtime(cast({0} as timestamp(6)))",
    nan="is_nan({0})",
    finite="({0} is not null)",
    # One reading: a second one of a sample would be of other rows.
    duplicates="select coalesce(sum(n - 1), 0) as n from (select count(*) as n from {1} group by {0}) as alike",
    # By row: its other way takes or leaves whole files, of which a table may have one.
    sampled="(select * from {0} tablesample bernoulli ({1:.6f}))",
    local="cast(at_timezone(with_timezone({0}, 'UTC'), {1}) as timestamp(6))",
    metricflow="TRINO",
    percentiles=Percentiles(continuous=_of_sorted(_CONTINUOUS), discrete=_of_sorted(_DISCRETE)),
    # It would cut off that of whole numbers, and round that of decimals to their scale.
    divides_as_doubles=False,
)
SPEC = EngineSpec(
    dialect=DIALECT,
    open=_open,
    writer="lakehouse_assets.lakehouse.publish.by_trino:TrinoWriter",
    dbt="lakehouse_assets.lakehouse.dbt.on_branch:bound",
    dbt_adapter="dbt.adapters.trino",
    dbt_variables=_dbt_variables,
    failures=Failures(
        of_statements=frozenset({"TrinoUserError"}),
        passing=frozenset({"TrinoConnectionError", "TrinoExternalError", "TrinoInternalError", "HttpError"}),
        passing_words=("Trino(Connection|External|Internal)Error",),
        hints={
            "HttpError": f"{_SERVERS}Trino",
            "TrinoConnectionError": f"{_SERVERS}this one",
            "TrinoQueryError": "the query is in Trino's own page, under its id",
        },
    ),
)
