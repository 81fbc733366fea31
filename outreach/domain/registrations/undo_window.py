"""The undo window: for how long staff can undo what people are told of.

A change, a decision about an address, an edition of the bulletin and a letter to the roster are
stored at once, and told when the window is over.
"""

from datetime import timedelta
from typing import Final

UNDO_WINDOW: Final = timedelta(minutes=5)
# So near the start of a workshop people are told at once, and nothing can be undone.
NO_UNDO_BEFORE: Final = timedelta(hours=2)
