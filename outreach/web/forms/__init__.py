"""Forms that public pages and staff pages share. Imports presentation, middleware."""
