"""Tests across packages of attacks, abuse and discretion: the safety requirements."""
