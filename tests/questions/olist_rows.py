"""Rows in the shape of the Olist data set, made by a seed, for machines that do not have it.

Belongs here: its files, with what its question set asks about. Does not belong here: rows of the data set itself, whose
licence is not ours.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

ORDERS = 8_000
SELLERS = 800
PRODUCTS = 2_000
FIRST, LAST = datetime(2016, 9, 4), datetime(2018, 10, 17)
CITIES = {
    "SP": ("sao paulo", "campinas", "guarulhos", "santos", "osasco"), "RJ": ("rio de janeiro", "niteroi"),
    "MG": ("belo horizonte", "uberlandia", "contagem"), "RS": ("porto alegre", "caxias do sul"),
    "PR": ("curitiba", "londrina"), "BA": ("salvador", "feira de santana"), "SC": ("florianopolis", "joinville"),
    "GO": ("goiania",), "DF": ("brasilia",), "ES": ("vitoria",), "PE": ("recife",), "CE": ("fortaleza",),
    "PA": ("belem",), "MT": ("cuiaba",), "MA": ("sao luis",), "AM": ("manaus",), "RR": ("boa vista",),
}  # fmt: skip
"""Cities of the states; the first states and cities have the most customers."""
DAYS_UNDERWAY = {"PA": 24, "MA": 22, "AM": 26, "RR": 29}
"""Mean days of a delivery to states that are far away; to the others it is 11."""
CATEGORIES = {
    "beleza_saude": "health_beauty", "cama_mesa_banho": "bed_bath_table", "brinquedos": "toys", "bebes": "baby",
    "perfumaria": "perfumery", "esporte_lazer": "sports_leisure", "automotivo": "auto", "pet_shop": "pet_shop",
    "relogios_presentes": "watches_gifts", "telefonia": "telephony", "livros_tecnicos": "books_technical",
    "ferramentas_jardim": "garden_tools", "flores": "flowers", "musica": "music",
}  # fmt: skip
STATUSES = {
    "delivered": 64, "shipped": 14, "canceled": 8, "unavailable": 7, "invoiced": 4, "processing": 4, "created": 0.1,
    "approved": 0.1,
}  # fmt: skip
PAYMENTS = {"credit_card": 70, "boleto": 18, "voucher": 11, "debit_card": 1.4}


def write_rows(folder: Path, *, seed: int = 11) -> None:
    """Write the files of the data set into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    random = Random(seed)
    states = list(CITIES)
    falling = [1 / (1 + place) for place in range(len(states))]
    places = [_place(random, states, falling) for _ in range(ORDERS)]
    _write(
        folder, "customers", ("customer_id", "customer_unique_id", "customer_zip_code_prefix", "customer_city",
        "customer_state"), ((f"c{n}", f"u{n}", f"{10_000 + n}", *places[n]) for n in range(ORDERS)),
    )  # fmt: skip
    _write(
        folder, "sellers", ("seller_id", "seller_zip_code_prefix", "seller_city", "seller_state"),
        ((f"s{n}", f"{10_000 + n}", *_place(random, states, [share**2 for share in falling])) for n in range(SELLERS)),
    )  # fmt: skip
    categories = [*CATEGORIES, ""]
    _write(
        folder, "products", ("product_id", "product_category_name", "product_weight_g"),
        ((f"p{n}", random.choices(categories, range(len(categories), 0, -1))[0], random.randint(50, 9_000))
         for n in range(PRODUCTS)),
    )  # fmt: skip
    with (folder / "product_category_name_translation.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("product_category_name", "product_category_name_english"), *CATEGORIES.items()])
    orders = [_order(random, n, places[n][1]) for n in range(ORDERS)]
    _write(
        folder, "orders", ("order_id", "customer_id", "order_status", "order_purchase_timestamp",
        "order_delivered_customer_date", "order_estimated_delivery_date"), orders,
    )  # fmt: skip
    _write_parts(folder, random, orders)


def _write_parts(folder: Path, random: Random, orders: Sequence[Sequence[Any]]) -> None:
    """What orders consist of, how they were paid, and what customers wrote."""
    items: list[Sequence[Any]] = []
    payments: list[Sequence[Any]] = []
    for order, *_ in orders:
        sold = [round(random.lognormvariate(4.4, 0.9), 2) for _ in range(random.choices((1, 2, 3), (88, 9, 3))[0])]
        items += [
            (order, place, f"p{int(PRODUCTS * random.random() ** 2)}", f"s{int(SELLERS * random.random() ** 2)}",
             price, round(random.uniform(5, 40), 2))
            for place, price in enumerate(sold, 1)
        ]  # fmt: skip
        kind = random.choices(list(PAYMENTS), list(PAYMENTS.values()))[0]
        payments.append((order, 1, kind, random.randint(1, 10) if kind == "credit_card" else 1, round(sum(sold), 2)))
    _write(
        folder, "order_items", ("order_id", "order_item_id", "product_id", "seller_id", "price", "freight_value"), items
    )
    _write(
        folder, "order_payments",
        ("order_id", "payment_sequential", "payment_type", "payment_installments", "payment_value"), payments,
    )  # fmt: skip
    _write(
        folder, "order_reviews", ("review_id", "order_id", "review_score", "review_creation_date"),
        ((f"r{order}", order, random.choices(range(1, 6), (32, 5, 8, 14, 41))[0],
          datetime.combine((bought + timedelta(days=random.randint(3, 40))).date(), datetime.min.time()))
         for order, _, _, bought, *_ in orders),
    )  # fmt: skip


def _place(random: Random, states: Sequence[str], weights: Sequence[float]) -> tuple[str, str]:
    """A city and its state."""
    state = random.choices(states, weights)[0]
    cities = CITIES[state]
    return random.choices(cities, range(len(cities), 0, -1))[0], state


def _order(random: Random, number: int, state: str) -> tuple[Any, ...]:
    """An order; of later months there are more."""
    bought = FIRST + (LAST - FIRST) * (random.random() ** 0.6)
    bought = bought.replace(microsecond=0)
    status = random.choices(list(STATUSES), list(STATUSES.values()))[0]
    underway = timedelta(days=random.gammavariate(4, DAYS_UNDERWAY.get(state, 11) / 4))
    delivered = (bought + underway).replace(microsecond=0) if status == "delivered" else ""
    return f"o{number}", f"c{number}", status, bought, delivered, bought + timedelta(days=random.randint(12, 45))


def _write(folder: Path, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with (folder / f"olist_{name}_dataset.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
