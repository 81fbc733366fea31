"""Any sheet: messy files of our own making with what must come out (`corpus`), values, loading."""
