"""Agents over the Model Context Protocol."""
