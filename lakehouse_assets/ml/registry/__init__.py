"""The registry: what was trained, with its card, and which version of each model serves.

Belongs here: MLflow and the files of a version. Does not belong here: what a model is (model).
"""
