"""What a change must not do to a project by accident: leave text out, cut a file off, touch what the product relies on,
throw away what nobody spoke of, pull a name from under its users.
"""
