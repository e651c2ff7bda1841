"""What every package stands on: configuration, database, files, accounts, audit, jobs, outboxes, errors, languages.

config db blobs contents            settings, the database, files by their content
accounts sessions auth roles grants who is there and what they may; apikeys, oidc, passwords, links by letter
jobs outbox idempotency             work as rows, effects and messages after the commit, the same request once
audit privacy append_only           what was done; what is held of people, for how long
web http_errors csp ratelimit i18n  what each view stands on; console, for commands
competence                          which authority answers for a commune and a service
clock log metrics collector         the one clock, what is written and counted
"""
