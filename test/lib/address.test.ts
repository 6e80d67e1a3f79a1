import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { withoutCredentials } from "../../src/lib/address.ts";

suite("an address without credentials", () => {
  const cases: readonly (readonly [repo: string, shown: string])[] = [
    ["https://git.example.com/infra", "https://git.example.com/infra"],
    ["https://git.example.com/infra/", "https://git.example.com/infra"],
    ["https://bot:s3cret@git.example.com:8443/infra.git", "https://git.example.com:8443/infra.git"],
    ["https://git.example.com/infra?token=s3cret#x", "https://git.example.com/infra"],
    ["HTTPS://bot@Git.Example.com/infra", "https://git.example.com/infra"],
    ["https://bot:s3/cret@git.example.com:port/infra", "https://git.example.com:port/infra"],
    ["https://bot:a@s3cret@[bad/infra?token=s3cret", "https://[bad/infra"],
    ["ssh://git:s3cret@git.example.com/infra", "ssh://git.example.com/infra"],
    ["git@git.example.com:acme/infra.git", "git.example.com:acme/infra.git"],
    ["/srv/infra", "/srv/infra"],
    ["/srv/infra#1?", "/srv/infra#1?"],
    ["/home/ada@work/infra", "/home/ada@work/infra"],
    ["../infra", "../infra"],
  ];
  for (const [repo, shown] of cases) {
    test(repo, () => assert.equal(withoutCredentials(repo), shown));
  }
});
