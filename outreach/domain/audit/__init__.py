"""The audit log and its hash chain. Imports network, workshops."""
