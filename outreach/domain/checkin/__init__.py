"""Check-in at the door, on line and off line. Imports registrations."""
