"""Pages for everybody, each module a blueprint. Imports forms; never staff."""
