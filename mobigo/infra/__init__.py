"""What every package stands on: configuration, database, files, accounts, audit, jobs, outboxes, errors, languages.

config db blobs contents disk                  settings, the database, files by their content, room for them
accounts sessions auth roles grants            who is there and what they may
account_data account_links account_providers   what is held of an account, its links by letter, its providers
apikeys oidc passwords keys                    keys of programs, sign-in elsewhere, passwords, the instance's own key
jobs outbox idempotency                        work as rows, effects and messages after the commit, a request once
delivery file_gateway                          how bytes leave, and where by default
audit privacy append_only documents            what was done; what is held of people, for how long; their documents
web http_errors csp ratelimit paging forms     what each view stands on
openapi                                        the API's document, which each package completes
console commands                               what each command stands on
i18n formats                                   languages, and how figures and days are written
pdf charts                                     papers and charts
competence                                     which authority answers for a commune and a service
clock log metrics                              the one clock, what is written and counted
compiled compiled_pages numba_cache            what is compiled once and kept: where, templates, kernels
collector                                      memory of long work
"""
