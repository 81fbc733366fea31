"""Joint workshops: which of ours partner networks may show, and what we show of theirs (S44).

What others hold is in tables of its own, so that nothing that counts, matches, exports or registers
meets it. May import `search` and below; knows no HTTP. Open `partner_networks.py` first.
"""
