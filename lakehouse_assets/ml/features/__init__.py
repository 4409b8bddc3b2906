"""What models learn from: features as they were known with what became of it, as numbers, and how they are spread.

Belongs here: examples, encoding, drift. Does not belong here: what a feature is (lakehouse_assets.features), a model.
"""
