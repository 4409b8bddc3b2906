"""Profiles against figures that are computed otherwise."""
