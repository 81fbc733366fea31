"""Tests across packages of attacks, abuse and discretion: what requirements.md promises."""
