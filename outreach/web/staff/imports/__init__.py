"""Import of workshops from a file, and export: previewed first, then loaded whole or not at all.

May import `common`. Start with `import_pages`.
"""

from flask import Blueprint

blueprint = Blueprint("imports", __name__)
