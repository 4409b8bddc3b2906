"""Features for models: what they are, and what was known of an entity on a day.

Belongs here: the YAML that declares features, reading them from their tables, how far their values moved. How a
feature is made belongs to the dbt models of the platinum layer; what its values may be to their contracts.
"""

from lakehouse_assets.features.retrieval import Features, get_features, newest_rows
from lakehouse_assets.features.views import FeatureError, FeatureView, all_views, find_view

__all__ = ["FeatureError", "FeatureView", "Features", "all_views", "find_view", "get_features", "newest_rows"]
