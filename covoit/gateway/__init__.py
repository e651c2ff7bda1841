"""The outside of carpool: data files, the national registry, telephones."""
