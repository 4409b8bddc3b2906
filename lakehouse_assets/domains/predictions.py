"""What contracts of predictions share: a table for each model, of what it says of every entity on the newest day.

Belongs here: those columns and that contract. Does not belong here: the column that names an entity (contracts of the
domains), or predicting (ml).
"""

from __future__ import annotations

import polars as pl

from lakehouse_assets.lakehouse.contract import WEEKLY, Contract, TableModel, column, rule

RISKS = ("HIGH", "MEDIUM", "LOW")


class Prediction(TableModel):
    """Columns of every prediction."""

    predicted_on: pl.Date = column(
        "Day at whose beginning the features held: what it says is of the days from then on."
    )
    tenant_id: pl.String = column("Tenant of whom it is said.")
    model_version: pl.Int64 = column("Version of the model that says it.", ge=1)
    drift: pl.Float64 = column(
        "How far the feature that moved most is spread otherwise than when the model learnt, as population stability "
        "index; empty of too few rows.",
        nullable=True, ge=0,
    )  # fmt: skip


class Likelihood(Prediction):
    """Columns of a prediction that is a probability."""

    probability: pl.Float64 = column("How likely it is, 0 to 1.", ge=0, le=1)
    risk: pl.String = column(
        "HIGH: the fifth of the tenant's rows where it is most likely; MEDIUM: the next three tenths; LOW: the others.",
        isin=RISKS,
    )


def predictions(model: type[TableModel], table: str, domain: str, entity: tuple[str, ...], owner: str) -> Contract:
    """The contract of a model's predictions."""
    return Contract(
        model=model,
        table=table,
        layer="semantic",
        domain=domain,
        key=("tenant_id", *entity),
        grain=f"One row per {' and '.join(('tenant_id', *entity))} of the newest day.",
        owner=owner,
        freshness=WEEKLY,
        made_by="python",
        rules=(
            rule(
                "features_are_spread_as_learnt",
                "drift < 0.25",
                description="No feature has drifted so far that the model has to be trained anew.",
                severity="warning",
            ),
        ),
    )
