"""How values are shown on pages: formats, icons, workshop cards, JSON-LD. No blueprint.

May import `context` and everything below `web`. Open `workshop_cards` first.

`bulletin_pictures.py` draws the strip of the year, the small charts and the map of a bulletin from
the numbers that its edition freezes, with `charts.py`; the picture for messengers is drawn by
`outreach/pdf/bulletin_card.py`.
"""
