"""What the staff's first page shows: agenda and alerts. Imports reporting, outbox."""
