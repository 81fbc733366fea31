"""Months, typed figures and missing reports. Imports workshops."""
