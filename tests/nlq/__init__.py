"""Tests of the question answering."""
