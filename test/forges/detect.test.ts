import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { detectForge, type ForgeSetting } from "../../src/forges/detect.ts";

suite("the forge of a remote", () => {
  const places: readonly [
    remote: string,
    setting: ForgeSetting | undefined,
    repository: string,
    api: string,
  ][] = [
    ["https://github.com/acme/infra.git", undefined, "acme/infra", "https://api.github.com"],
    ["https://bot:s3cret@github.com/acme/infra", undefined, "acme/infra", "https://api.github.com"],
    ["git@github.com:acme/infra.git", undefined, "acme/infra", "https://api.github.com"],
    [
      "ssh://git@ssh.github.com:443/acme/infra.git/",
      undefined,
      "acme/infra",
      "https://api.github.com",
    ],
    ["https://acme.ghe.com/acme/infra", undefined, "acme/infra", "https://api.acme.ghe.com"],
    [
      "git@git.example.com:acme/infra.git",
      { kind: "github" },
      "acme/infra",
      "https://git.example.com/api/v3",
    ],
    [
      "/srv/infra",
      { kind: "github", repository: "acme/infra" },
      "acme/infra",
      "https://api.github.com",
    ],
    [
      "http://10.0.0.9/git/infra",
      { kind: "github", repository: "acme/infra", api: "http://127.0.0.1:8080/" },
      "acme/infra",
      "http://127.0.0.1:8080",
    ],
    [
      "git@github.com:acme/infra.git",
      { repository: "acme/other" },
      "acme/other",
      "https://api.github.com",
    ],
  ];
  for (const [remote, setting, repository, api] of places) {
    test(`${remote} with ${JSON.stringify(setting)}`, () => {
      assert.deepEqual(detectForge(remote, setting), {
        place: { kind: "github", repository, api },
      });
    });
  }

  const bound: readonly [
    allowed: string,
    setting: ForgeSetting | undefined,
    api: string | RegExp,
  ][] = [
    ["https://git.example.com/api/v3/", undefined, "https://git.example.com/api/v3"],
    [
      "https://git.example.com/api/v3",
      { api: "https://git.example.com/api/v3/" },
      "https://git.example.com/api/v3",
    ],
    [
      "https://api.github.com",
      { api: "https://api.evil.com" },
      /`forge\.api` is https:\/\/api\.evil\.com, and SLIPWAY_FORGE_API allows .* https:\/\/api\.github\.com alone/,
    ],
    ["https://api.github.com", { api: "https://api.github.com:8443" }, /alone/],
    ["http://api.example.com", undefined, /SLIPWAY_FORGE_API is plain http to a public host/],
    ["api.example.com", undefined, /SLIPWAY_FORGE_API is not an http/],
  ];
  for (const [allowed, setting, wanted] of bound) {
    test(`with ${allowed} allowed, the repo says ${JSON.stringify(setting)}`, () => {
      const found = detectForge("git@github.com:acme/infra.git", setting, allowed);
      const said = "why" in found ? found.why : found.place.api;
      if (typeof wanted === "string") assert.equal(said, wanted);
      else assert.match(said, wanted);
      assert.equal("why" in found, typeof wanted !== "string");
    });
  }

  const nowhere: readonly [remote: string, setting: ForgeSetting | undefined, why: RegExp][] = [
    ["/srv/infra", undefined, /no forge that Slipway knows/],
    ["../infra", undefined, /no forge/],
    ["https://git.example.com/acme/infra", undefined, /no forge/],
    ["https://gitlab.com/acme/infra", undefined, /gitlab are not yet supported/],
    ["git@bitbucket.org:acme/infra.git", undefined, /bitbucket are not yet/],
    ["/srv/infra", { kind: "github" }, /forge\.repository/],
    ["https://github.com/acme", undefined, /owner\/name/],
    ["https://github.com/acme/infra", { repository: "acme/infra/../../x" }, /owner\/name/],
    ["https://github.com/acme/infra", { api: "file:///etc/passwd" }, /not an http/],
    [
      "https://github.com/acme/infra",
      { api: "http://api.evil.com" },
      /plain http to a public host/,
    ],
    ["https://github.com/acme/infra", { api: "http://10.evil.com" }, /plain http to a public host/],
    ["https://github.com/acme/infra", { api: "http://8.8.8.8" }, /plain http to a public host/],
    [
      "https://github.com/acme/infra",
      { api: "http://[2001:db8::1]" },
      /plain http to a public host/,
    ],
  ];
  for (const [remote, setting, why] of nowhere) {
    test(`nowhere: ${remote} with ${JSON.stringify(setting)}`, () => {
      const detected = detectForge(remote, setting);
      assert.match("why" in detected ? detected.why : "", why);
    });
  }
});
