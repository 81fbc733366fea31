"""Reports: workshops counted month by month, and the sheets they are handed on in."""
