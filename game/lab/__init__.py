"""Headless runs, statistics and reports."""
