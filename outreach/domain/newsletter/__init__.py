"""The monthly bulletin, its subscribers and mailings. Imports reporting, outbox, audit."""
