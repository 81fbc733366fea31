"""The form of a workshop: fields, options, autosave. No routes but autosave's."""
