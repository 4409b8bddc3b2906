"""What is kept of questions: queue, keys and journal in a SQL database, answers and verdicts in the lakehouse."""
