"""What staff do to workshops: create, change, publish, repeat. Imports registrations, calendar."""
