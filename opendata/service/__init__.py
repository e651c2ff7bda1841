"""The use cases of publication, one function each."""
