"""The built-in planner: from a question to an outcome, by rules over the words of a semantic layer, without a model."""
