"""What carpool hands out: values in, bytes or rows out."""
