"""Models over HTTP: one prediction at a time, trainings as jobs, for who was admitted."""
