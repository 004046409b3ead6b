"""A small relay: it numbers, keeps and passes on rows that it cannot read.

How peers speak with it stands in ``PROTOCOL.md``.
"""
