import { readCertificate } from "../../../src/lib/certificate.ts";

const list = "/etc/slipway/crt-list";

/** As much of HAProxy's certificates as is asked for at its socket: what it shows, by files of a list. */
export class ShownCertificates {
  private readonly listed: Map<string, string>;
  private readonly stores: Map<string, string>;
  private readonly begun = new Map<string, string>();

  /** `read` gives what a file holds. Throws where HAProxy would not start. */
  constructor(lines: string, read: (file: string) => string | undefined) {
    const entries = lines.split("\n").filter((line) => line !== "");
    this.listed = new Map(entries.map((line) => [line.split(" ")[0] ?? "", line]));
    this.stores = new Map(
      [...this.listed.keys()].map((file) => {
        const text = read(file);
        if (text === undefined) throw new Error(`there is no ${file}`);
        return [file, text];
      }),
    );
  }

  files(): readonly string[] {
    return [...this.listed.keys()].toSorted();
  }

  /** As a `load` step leaves it. */
  load(file: string, text: string, host: string | undefined): void {
    if (host === undefined && !this.stores.has(file)) return;
    this.stores.set(file, text);
    if (host !== undefined) this.listed.set(file, `${file} ${host}`);
  }

  /** A command with the text that comes with it; undefined for what is none about certificates. */
  answer(command: string, text: string): string | undefined {
    const [verb = "", what = "", sort = "", file = "", ...words] = command.split(" ");
    if (what !== "ssl") return undefined;
    return sort === "crt-list"
      ? this.onList(verb, file, words[0] === "<<" ? text : (words[0] ?? ""))
      : this.onStore(verb, file, text);
  }

  private onList(verb: string, path: string, entry: string): string {
    if (path !== list) return "didn't find the specified filename\n";
    const file = entry.split(" ")[0] ?? "";
    if (verb === "show") return [`# ${list}`, ...this.listed.values(), ""].join("\n");
    if (verb === "del") return this.listed.delete(file) ? "deleted\n" : "no such entry\n";
    if (!this.stores.has(file)) return "certificate does not exist!\n";
    this.listed.set(file, entry);
    return "Success!\n";
  }

  private onStore(verb: string, file: string, text: string): string {
    const isKnown = this.stores.has(file);
    if (verb === "new") {
      if (!isKnown) this.stores.set(file, "");
      return isKnown ? "already exists!\n" : "New empty certificate store!\n";
    }
    if (!isKnown) return "not referenced by the configuration!\n";
    if (verb === "set") {
      this.begun.set(file, text);
      return "Transaction created for certificate!\n";
    }
    if (verb === "commit") {
      this.stores.set(file, this.begun.get(file) ?? "");
      return "Success!\n";
    }
    if (verb === "show") {
      const sha1 = readCertificate(this.stores.get(file) ?? "")?.sha1 ?? "";
      return `SHA1 FingerPrint: ${sha1.toUpperCase()}\n`;
    }
    if (verb === "del" && this.listed.has(file)) return "in use, can't be deleted!\n";
    if (verb === "del") this.stores.delete(file);
    return "deleted!\n";
  }
}
