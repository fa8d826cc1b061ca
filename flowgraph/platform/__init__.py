"""What programs need around their graphs: files, flags, logs, records.

Nothing here knows graphs or ops.
"""
