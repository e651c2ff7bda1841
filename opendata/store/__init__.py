"""What is kept of publications: rows for datasets, versions, pointers and events; files by content hash."""
