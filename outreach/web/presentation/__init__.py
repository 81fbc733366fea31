"""How values are shown on pages: formats, icons, workshop cards, JSON-LD. No blueprint.

May import `context` and everything below `web`. Open `workshop_cards` first.
"""
