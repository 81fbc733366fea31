"""Public pages, each module a blueprint. Imports forms; never staff."""
