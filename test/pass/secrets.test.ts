import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { selfSignedAs } from "../../src/acme/x509.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { digestOfBytes } from "../../src/lib/hash.ts";
import { load } from "../../src/load/load.ts";
import { openingCodes, type OpeningCode } from "../../src/load/codes.ts";
import { formatDiagnostic } from "../../src/model/diagnostic.ts";
import { digestsWith, openSecrets, revealed } from "../../src/pass/secrets.ts";
import { parseIdentities } from "../../src/secrets/parse-identities.ts";
import { Opener } from "../../src/secrets/opener.ts";
import { repo, type Files } from "../load/repos.ts";
import { snapshotOf } from "../support/repo.ts";
import { sealing, type Sealing } from "../support/sealed.ts";
import { sopsFile } from "../support/sops.ts";

let key: Sealing;
let stranger: Sealing;

before(async () => {
  [key, stranger] = await Promise.all([sealing(), sealing()]);
});

const openerWith = (identity?: string): Opener =>
  new Opener(async () => {
    if (identity === undefined) return undefined;
    const parsed = await parseIdentities(identity);
    assert.ok("identities" in parsed);
    return parsed.identities;
  });

async function opened(files: Files, opener = openerWith(key.identity)) {
  const snapshot = snapshotOf(repo(files));
  const { documents, findings } = await load(snapshot);
  assert.ok(documents, findings.map(formatDiagnostic).join("\n"));
  const found = await openSecrets({ secrets: opener }, documents, snapshot);
  return { documents, ...found, told: found.findings.map(formatDiagnostic) };
}

const shop = "image: shop:1\nsecrets: [DB_PASSWORD]\n";
const withFile = "image: shop:1\nfiles: { /tls.key: { secret: tls.key.age } }\n";

const cases: Readonly<Record<OpeningCode, () => Promise<Files>>> = {
  "secret-without-key": async () => ({
    "apps/shop.yaml": shop,
    "secrets/shop.yaml": await key.file({ DB_PASSWORD: "x" }),
  }),
  "secret-not-for-us": async () => ({
    "apps/shop.yaml": shop,
    "secrets/shop.yaml": await stranger.file({ DB_PASSWORD: "x" }),
  }),
  "secret-damaged": async () => ({
    "apps/shop.yaml": withFile,
    "secrets/tls.key.age": (await key.value("x")).slice(0, -90),
  }),
  "secret-too-large": async () => ({
    "apps/shop.yaml": shop,
    "secrets/shop.yaml": await key.file({ DB_PASSWORD: "x".repeat(1024 * 1024 + 1) }),
  }),
  "secret-unsupported": async () => ({
    "apps/shop.yaml": shop,
    "secrets/shop.yaml":
      "DB_PASSWORD: ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]\nsops:\n  key_groups: []\n  mac: x\n",
  }),
  "secret-no-text": async () => ({
    "apps/shop.yaml": shop,
    "secrets/shop.yaml": `DB_PASSWORD: |\n${(await key.value(Uint8Array.of(0xff, 0))).replaceAll(/^/gm, "  ")}`,
  }),
  "secret-no-certificate": async () => await withOwn({}, { key: pairFor("a.test").key }),
};

const pairFor = (host: string) => {
  const { certificatePem, keyPem } = selfSignedAs("CA", [host], systemClock);
  return { cert: certificatePem, key: keyPem.revealText() ?? "" };
};

const withOwn = async (
  routes: { readonly host?: string },
  own: { cert?: string; key?: string },
) => {
  const { cert, key: keyPem } = { ...pairFor("a.test"), ...own };
  const { host = "a.test" } = routes;
  return {
    "apps/shop.yaml": `image: shop:1\nport: 80\nroutes: [{ host: ${host}, tls: { cert: CERT, key: KEY } }]\n`,
    "secrets/shop.yaml": await key.file({ CERT: cert, KEY: keyPem }),
  };
};

const docs = readFileSync(new URL("../../docs/findings.md", import.meta.url), "utf8");

for (const code of openingCodes) {
  test(`${code} is found, as docs/findings.md shows it`, async () => {
    const opener = code === "secret-without-key" ? openerWith() : undefined;
    const { findings, told } = await opened(await cases[code](), opener);
    assert.deepEqual(
      findings.map((finding) => finding.code),
      [code],
    );
    const [, example] =
      new RegExp(`^### \`${code}\`\n.+\n\`\`\`\n(.+)\n\`\`\`$`, "m").exec(docs) ?? [];
    assert.deepEqual(told, [example]);
  });
}

test("all that stays closed is told at once, with who refers to it", async () => {
  const { told } = await opened({
    "slipway.yaml": "fleet: acme\nregistries: { ghcr.io: { user: bot, password: shared.TOKEN } }\n",
    "apps/shop.yaml": "image: shop:1\nsecrets: [DB_PASSWORD, shared.TOKEN]\n",
    "apps/cart.yaml": "image: cart:1\nsecrets: [shared.TOKEN]\n",
    "secrets/shop.yaml": await stranger.file({ DB_PASSWORD: "x" }),
    "secrets/shared.yaml": await stranger.file({ TOKEN: "x", UNUSED: "y" }),
  });
  assert.equal(told.length, 2, told.join("\n"));
  assert.match(told.join("\n"), /shared\.TOKEN \(of app\/cart, app\/shop and registry ghcr\.io\)/);
});

test("a variable is at most as long as Linux takes it, with all that a template puts together", async () => {
  const withUrl = `${shop}env: { URL: { template: "\${DB_PASSWORD}-\${DB_PASSWORD}" } }\n`;
  const toldOf = async (bytes: number, text = shop): Promise<readonly string[]> => {
    const files = {
      "apps/shop.yaml": text,
      "secrets/shop.yaml": await key.file({ DB_PASSWORD: "x".repeat(bytes) }),
    };
    return (await opened(files)).told;
  };
  const most = 128 * 1024 - "DB_PASSWORD=\0".length;
  assert.deepEqual(await toldOf(most), []);
  assert.match(
    (await toldOf(most + 1)).join("\n"),
    /^apps\/shop.yaml:2:11: shop.DB_PASSWORD is too long for the variable DB_PASSWORD.* give it as a file$/,
  );
  assert.match((await toldOf(70_000, withUrl)).join("\n"), /^apps\/shop.yaml:3:.* variable URL/);
});

test("a certificate of one's own is one, for its host, with its key", async () => {
  const toldOf = async (...[routes, own]: Parameters<typeof withOwn>): Promise<string> =>
    (await opened(await withOwn(routes, own))).told.join("\n");
  assert.equal(await toldOf({}, {}), "");
  assert.equal(await toldOf({ host: "b.a.test" }, pairFor("*.a.test")), "");
  assert.match(await toldOf({}, { cert: "hello" }), /shop\.CERT holds no certificate in PEM$/);
  assert.match(await toldOf({}, { key: "hello" }), /shop\.KEY is not the key of shop\.CERT$/);
  assert.match(await toldOf({ host: "b.test" }, {}), /shop\.CERT is for other hosts than b\.test$/);
});

test("what nobody refers to is not opened", async () => {
  const { told, secrets } = await opened({
    "apps/shop.yaml": "image: shop:1\n",
    "secrets/shop.yaml": await stranger.file({ DB_PASSWORD: "x" }),
  });
  assert.deepEqual([told, secrets.size], [[], 0]);
});

test("digests are of what is opened, whatever it was encrypted to", async () => {
  const once = await opened(await cases["secret-without-key"]());
  const again = await opened(await cases["secret-without-key"]());
  const digestOf = ({ documents, secrets }: typeof once) => {
    const value = documents.apps.get("shop")?.secrets.get("DB_PASSWORD");
    assert.ok(value);
    const { name, id } = value;
    const text = ["<", { name, id }, ">"];
    assert.equal(Buffer.from(revealed(text, secrets)).toString(), "<x>");
    const digests = digestsWith(secrets, false);
    return {
      id,
      keyed: digests.fingerprint(text, "k"),
      other: digests.fingerprint(text, "l"),
      sha: digests.sha256(text),
    };
  };
  const { id } = digestOf(once);
  const one = digestsWith(once.secrets, false);
  const sealed = { name: "shop.DB_PASSWORD", id };
  const texts = [[sealed], ["a", sealed], [sealed, "a"], [sealed, sealed], [id], ["x", "x"]];
  const held = ["x", "ax", "xa", "xx", id, "xx"];
  for (const round of [1, 2])
    assert.deepEqual(
      texts.map((text) => one.sha256(text)),
      held.map((text) => digestOfBytes(Buffer.from(text))),
      `round ${round}`,
    );
  const [a, b] = [digestOf(once), digestOf(again)];
  assert.notEqual(a.id, b.id);
  assert.deepEqual({ ...a, id: "" }, { ...b, id: "" });
  assert.notEqual(a.keyed, a.other);
});

test("what was opened is taken out of any text", async () => {
  const opener = openerWith(key.identity);
  const secret = "canary-of-the-net";
  await opened(
    { "apps/shop.yaml": shop, "secrets/shop.yaml": await key.file({ DB_PASSWORD: secret }) },
    opener,
  );
  const text = `a ${secret} b ${Buffer.from(secret).toString("base64")} c`;
  assert.match(
    opener.redact(text),
    /^a \[secret shop\.DB_PASSWORD\] b \[secret shop\.DB_PASSWORD\].{0,2} c$/,
  );
});

test("a secret that is an app's name is left in what is told", async () => {
  const opener = openerWith(key.identity);
  await opened(
    {
      "apps/postgres.yaml": "image: ghcr.io/acme/postgres:1\nsecrets: [DB_USER, DB_PASSWORD]\n",
      "secrets/postgres.yaml": await key.file({ DB_USER: "postgres", DB_PASSWORD: "postgres-1" }),
    },
    opener,
  );
  assert.equal(
    opener.redact("app/postgres as postgres with postgres-1"),
    "app/postgres as postgres with [secret postgres.DB_PASSWORD]",
  );
});

test("each fleet is opened with its own key", async () => {
  const keys = new Map([
    ["acme", key.identity],
    ["acme-staging", stranger.identity],
  ]);
  const opener = new Opener(async (fleet) => {
    const parsed = await parseIdentities(keys.get(fleet) ?? "");
    assert.ok("identities" in parsed);
    return parsed.identities;
  });
  const files = async (sealing: Sealing): Promise<Files> => ({
    "apps/shop.yaml": shop,
    "secrets/shop.yaml": await sealing.file({ DB_PASSWORD: "x" }),
  });
  const staging = { ...(await files(stranger)), "slipway.yaml": "fleet: acme-staging\n" };
  assert.deepEqual((await opened(await files(key), opener)).told, []);
  assert.deepEqual((await opened(staging, opener)).told, []);
  assert.deepEqual((await opened(await files(key), opener)).told, []);
});

test("files that SOPS made are read like others, by the paths of their values, and believed as a whole", async () => {
  const opener = openerWith(sopsFile("keys.txt"));
  const files: Files = {
    "apps/shop.yaml":
      "image: shop:1\nsecrets: [{ HELLO: rops.hello }, { SECOND: rops.example_array.1 }, { KEY: flux.stringData.key }]\n",
    "secrets/rops.yaml": sopsFile("rops-example.yaml"),
    "secrets/flux.yaml": sopsFile("flux-age.yaml"),
  };
  const { documents, secrets, told } = await opened(files, opener);
  assert.deepEqual(told, []);
  const values = [...(documents.apps.get("shop")?.secrets.values() ?? [])];
  assert.deepEqual(
    new Map(values.map(({ name, id }) => [name, secrets.get(id)?.revealText()])),
    new Map([
      ["rops.hello", "Welcome to SOPS! Edit this file as you please!"],
      ["rops.example_array.1", "example_value2"],
      ["flux.stringData.key", "value"],
    ]),
  );
  const edited = { ...files, "secrets/flux.yaml": sopsFile("flux-age.yaml").replace("v1", "v2") };
  assert.match(
    (await opened(edited, opener)).told.join("\n"),
    /^secrets\/flux\.yaml:\d+:\d+: flux\.stringData\.key \(of app\/shop\): it is damaged: its MAC/,
  );
});
