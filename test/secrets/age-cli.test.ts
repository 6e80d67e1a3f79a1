import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readOpenSshKey } from "../../src/remote/openssh-key.ts";
import { parseIdentities } from "../../src/secrets/parse-identities.ts";
import { seal } from "../../src/secrets/seal.ts";
import { ageFolder, identitiesIn, openedText, pairOf, recipientsIn } from "../support/age.ts";

const text = "p\u00e4ss w\u00f6rd\n\0\x01 and more";

describe("with the age command line", () => {
  it("what one seals the other opens: age keys, several of them", async (t) => {
    const folder = await ageFolder(t);
    const names = ["ada", "bob"];
    const pairs = [];
    for (const name of names) {
      await folder.run(["age-keygen", "-o", name]);
      pairs.push(await pairOf((await folder.read(name)).toString()));
    }
    const recipients = pairs.flatMap((pair) => pair.recipients);
    const file = recipients.map((one) => one.text).join("\n# and\n\n");
    await folder.write(".age-recipients", file);
    assert.deepEqual(
      recipientsIn(file).map((one) => one.text),
      recipients.map((one) => one.text),
    );
    const sealed = await seal(text, recipients);
    for (const name of names)
      assert.equal((await folder.run(["age", "-d", "-i", name], sealed)).toString(), text);
    for (const form of [["-a"], []]) {
      const made = await folder.run(["age", ...form, "-R", ".age-recipients"], text);
      for (const { identities } of pairs) assert.equal(await openedText(made, identities), text);
    }
  });

  it("what one seals the other opens: SSH keys, beside others", async (t) => {
    const folder = await ageFolder(t);
    const own = await pairOf(await folder.sshKey("own"));
    const other = await pairOf(await folder.sshKey("other"));
    await folder.run(["age-keygen", "-o", "age.txt"]);
    const age = await pairOf((await folder.read("age.txt")).toString());
    const all = [other, own, age];
    const sealed = await seal(
      text,
      all.flatMap((pair) => pair.recipients),
    );
    for (const name of ["own", "other", "age.txt"])
      assert.equal((await folder.run(["age", "-d", "-i", name], sealed)).toString(), text);
    const list = ["own.pub", "other.pub"].flatMap((name) => ["-R", name]);
    const [{ text: ageKey } = { text: "" }] = age.recipients;
    for (const form of [["-a"], []]) {
      const made = await folder.run(["age", ...form, ...list, "-r", ageKey], text);
      for (const { identities } of all) assert.equal(await openedText(made, identities), text);
    }
  });

  it("what one seals the other opens: nothing, a byte, a chunk, more", async (t) => {
    const folder = await ageFolder(t);
    await folder.run(["age-keygen", "-o", "key"]);
    const { identities, recipients } = await pairOf((await folder.read("key")).toString());
    const [{ text: recipient } = { text: "" }] = recipients;
    for (const size of [0, 1, 47, 48, 49, 65_535, 65_536, 65_537, 200_000]) {
      const plain = "x".repeat(size);
      const sealed = await seal(plain, recipients);
      assert.equal((await folder.run(["age", "-d", "-i", "key"], sealed)).toString(), plain);
      const made = await folder.run(["age", "-a", "-r", recipient], plain);
      assert.equal(await openedText(made, identities), plain);
      assert.equal(await openedText(made.toString(), identities), plain);
      assert.equal(made.toString().split("\n").length, sealed.split("\n").length);
    }
  });

  it("a file of identities that age has encrypted is read", async (t) => {
    const folder = await ageFolder(t);
    await folder.run(["age-keygen", "-o", "plain"]);
    const plain = await pairOf((await folder.read("plain")).toString());
    await folder.typing(["age", "-p", "-o", "locked", "plain"], "correct horse");
    const locked = await folder.read("locked");
    const identities = identitiesIn(await parseIdentities(locked, { passphrase: "correct horse" }));
    assert.deepEqual(identities.recipients, plain.identities.recipients);
    assert.equal(await openedText(await seal(text, plain.recipients), identities), text);
  });

  it("an SSH key with a passphrase opens what age has sealed", async (t) => {
    const folder = await ageFolder(t);
    const key = await folder.sshKey("locked", "correct horse");
    const made = await folder.run(["age", "-a", "-R", "locked.pub"], text);
    const options = { passphrase: "correct horse", readSshKey: readOpenSshKey };
    const identities = identitiesIn(await parseIdentities(key, options));
    assert.equal(await openedText(made, identities), text);
    await folder.write("sealed", await seal(text, recipientsIn(identities.recipients.join("\n"))));
    await folder.typing(["age", "-d", "-i", "locked", "-o", "opened", "sealed"], "correct horse");
    assert.equal((await folder.read("opened")).toString(), text);
  });

  it("both take the same care of the armor", async (t) => {
    const folder = await ageFolder(t);
    await folder.run(["age-keygen", "-o", "key"]);
    const { identities, recipients } = await pairOf((await folder.read("key")).toString());
    const ok = await seal("hello world, this is longer than a line of armor", recipients);
    const lines = ok.trimEnd().split("\n");
    const bent = (at: number, bend: (line: string) => string): string =>
      lines.map((line, i) => (i === at ? bend(line) : line)).join("\n");
    const cases: Readonly<Record<string, string>> = {
      "as it is": ok,
      "without its last line end": ok.trimEnd(),
      "with CR LF": ok.replaceAll("\n", "\r\n"),
      "with blanks behind it": `${ok}\n \t\r\n`,
      "with something behind it": `${ok}x\n`,
      "with something before it": `x\n${ok}`,
      "with a byte order mark": `\ufeff${ok}`,
      twice: ok + ok,
      "with CR CR LF": ok.replaceAll("\n", "\r\r\n"),
      "in one line": lines.join(""),
      "with one long line": [lines[0], lines.slice(1, -1).join(""), lines.at(-1)].join("\n"),
      "with a short line": bent(2, (line) => `${line.slice(0, 20)}\n${line.slice(20)}`),
      "with a blank in a line": bent(1, (line) => `${line} `),
      "with a blank line": bent(2, (line) => `\n${line}`),
      "with another first line": bent(0, (line) => line.replace("AGE", "age")),
      "with a blank in its first line": bent(0, (line) => `${line} `),
      "with a blank in its last line": bent(lines.length - 1, (line) => `${line} \n`),
      "without its last line": lines.slice(0, -1).join("\n"),
      "with nothing in it": `${lines[0]}\n${lines.at(-1)}\n`,
      "with base64 for URLs": bent(2, (line) => `-_${line.slice(2)}`),
      "with a NUL": bent(2, (line) => `\0${line.slice(1)}`),
      nothing: "",
    };
    for (const [what, file] of Object.entries(cases)) {
      const ours = !["damaged", "not-a-recipient"].includes(await openedText(file, identities));
      const theirs = await folder.run(["age", "-d", "-i", "key"], file).then(
        () => true,
        () => false,
      );
      assert.equal(ours, theirs, what);
    }
    // The format allows blanks before it, which the command line cannot take.
    assert.match(await openedText(`\r\n \t${ok}`, identities), /^hello/);
  });
});
