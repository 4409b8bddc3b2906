"""Models of what comes next, learnt from features as they were known: training, registry, predictions.

Belongs here: the declaration of a model, its examples, fitting, judging and keeping it. Does not belong here: what a
feature is (features), the assets and commands that train (assets, commands). Nothing here loads a heavy library when it
is imported: `libraries` is the one door to them.
"""
