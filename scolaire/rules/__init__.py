"""The pure rules of school transport. The checker stands here and knows no solver."""
