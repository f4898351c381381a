"""Ground: arrays, arguments, streams, threads, records, files; no model, no statistics."""
