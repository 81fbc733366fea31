"""The people of one workshop: register, call, write, export. Imports workshops."""
