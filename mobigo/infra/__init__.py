"""What every package stands on: configuration, database, files, accounts, audit, jobs, outboxes, errors, languages."""
