"""The networks that come as examples, made by `outreach init` and read through."""
