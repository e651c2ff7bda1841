"""The composition root: application, command line, worker, migrations, templates, demonstration, joins between siblings."""
