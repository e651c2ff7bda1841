"""What open data reads from outside: files handed in, judges installed beside us."""
