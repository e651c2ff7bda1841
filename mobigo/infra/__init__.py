"""What every package stands on: configuration, database, blobs, accounts, audit, jobs, outbox, errors over HTTP, languages, logs."""
