"""Superset's settings, all from the environment."""

import os
from urllib.parse import quote

SECRET_KEY = os.environ["LAKE_SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = (
    f"postgresql+psycopg2://superset:{quote(os.environ['LAKE_SUPERSET_DB_PASSWORD'], safe='')}"
    f"@{os.environ['LAKE_POSTGRES_HOST']}:{os.environ['LAKE_POSTGRES_PORT']}/superset"
)
