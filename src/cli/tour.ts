/** What `slipway` by itself says: the way from nothing to a deploy. */
export const tour =
  (): string => `Slipway: merging deploys, reverting rolls back. Containers on plain servers, from a git repo.

From nothing to a deploy:
  slipway init infra --machine web-1=203.0.113.10    a small infra repo, for a server of yours
  slipway validate                                   check its files
  slipway plan                                       what would change, and why
  slipway reconcile                                  make it so, once
  slipway run                                        follow the branch from now on

Every day:
  slipway status                                     what runs where, at which revision
  slipway logs shop -f                               what an app says, on all its machines
  slipway why app/shop                               the cause of a change
  slipway secrets set shop.DB_PASSWORD               a value that only some can read
  slipway rollback                                   back to what was applied before

All commands and options: slipway --help; one command: slipway plan --help
`;
