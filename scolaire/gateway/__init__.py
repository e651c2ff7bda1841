"""The outside of school transport: rule files, price files, files of schools, pupils and stops."""
