"""Workshops from a file in the format of `data/workshops-2020-01.csv`.

`read` looks at the text and knows the network only as `Network`; `load` does to each workshop what
an organizer would: plans it, changes it, publishes, cancels or reinstates it.
"""

from outreach.intake.workshops.load import load
from outreach.intake.workshops.read import Network, Place, Row, network, read

__all__ = ["Network", "Place", "Row", "load", "network", "read"]
