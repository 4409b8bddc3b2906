"""What models learn from: features as they were known with what became of it, as numbers.

Belongs here: examples, encoding. Does not belong here: what a feature is and how it is spread
(lakehouse_assets.features), a model.
"""
