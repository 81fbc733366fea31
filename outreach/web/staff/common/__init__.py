"""What all staff pages share: guards, permissions, kept forms, labels, form fields.

May import nothing else of `web.staff`. Start with `guards`.
"""
