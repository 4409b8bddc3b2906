"""Plans, values and answers in words for people. Nothing is decided here."""
