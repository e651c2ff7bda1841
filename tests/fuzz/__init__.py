"""Every reader of what comes from outside, given bytes nobody foresaw: it reads them, or refuses them in words."""
