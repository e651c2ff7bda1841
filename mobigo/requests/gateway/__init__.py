"""Files that requests are judged by."""
