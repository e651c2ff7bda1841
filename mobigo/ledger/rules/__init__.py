"""The rules of the book, pure: orders (`orders`), the chain (`chain`), checking it (`checking`)."""
