"""How values are shown on pages: formats, icons, cards, JSON-LD. No blueprints."""
