"""The agents' desk of registrations."""
