"""JSON: a document that is an array or a sequence of objects, and one object per line."""
