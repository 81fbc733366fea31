"""What comes in: files to rows, their faults, and the demo's data."""
