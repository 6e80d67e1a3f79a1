import type { CommandGroup } from "../command.ts";

const name = ["<name>", "shop.DB_PASSWORD, or a whole file: tls/shop.key.age"] as const;

/** The commands about what stands encrypted in the repo. */
export const secretsGroup: CommandGroup = {
  name: "secrets",
  summary: "values in the repo that only some can read",
  about:
    "Passwords, tokens and keys stand in the repo, encrypted by age: values in secrets/NAME.yaml, " +
    "whole files as secrets/PATH.age. .age-recipients says who can read them: the nearest one, in " +
    "the file's folder or above it. All of this works on the files in the folder and commits " +
    "nothing. With --environment it is about environments/NAME/secrets/.",
  examples: [
    ["slipway secrets set shop.DB_PASSWORD", "asks for the value and writes it, encrypted"],
    ["slipway secrets verify", "whether all can be opened, before a commit or in your CI"],
  ],
  commands: [
    {
      name: "set",
      arguments: [name],
      summary: "encrypt a value, from stdin or typed unseen",
      about:
        "Makes or replaces one value; all other lines of its file stay as they are. The value is " +
        "never taken from the command line. From stdin one line end at the end is left out. A " +
        "whole file is taken byte by byte. It is encrypted to the nearest .age-recipients; that " +
        "takes no key of your own.",
      options: [
        { flags: "--raw", help: "keep the line end at the end of stdin" },
        { flags: "--allow-empty", help: "nothing is a value, too" },
      ],
      examples: [
        ["slipway secrets set shop.DB_PASSWORD", "asks twice, shows nothing"],
        ["slipway secrets set tls/shop.key.age < shop.key", "a whole file"],
      ],
      load: () => import("../commands/secrets/set.ts"),
    },
    {
      name: "get",
      arguments: [["<name>", "shop.DB_PASSWORD, or a whole file: tls/shop.key.age"]],
      summary: "decrypt a value to stdout",
      about:
        "Exactly as it is; a line end is added on a terminal only. With --environment the " +
        "environment's own value, else the root's. Files that SOPS made are read as well.",
      examples: [
        ["slipway secrets get shop.DB_PASSWORD", "shows it"],
        ["slipway secrets get tls/shop.key.age > /dev/shm/shop.key", "a whole file"],
      ],
      load: () => import("../commands/secrets/get.ts"),
    },
    {
      name: "edit",
      arguments: [["<name>", "a file of values: shop, for secrets/shop.yaml"]],
      summary: "change values, comments and order in your editor",
      about:
        "Opens the values of a file as KEY: value in $VISUAL or $EDITOR, from a file in memory that " +
        "is wiped afterwards. Values that stay keep their ciphertext; lines that are taken out " +
        "are gone. Comments are not encrypted: one in which a value stands is refused. What your " +
        "key cannot open stays as it is.",
      options: [
        {
          flags: "--plaintext-in <dir>",
          help: "where there is no storage in memory: a folder for the open file",
        },
      ],
      examples: [
        ["slipway secrets edit shop", "the values of the app shop"],
        ["slipway secrets edit shop --environment staging", "what differs in staging"],
      ],
      load: () => import("../commands/secrets/edit.ts"),
    },
    {
      name: "generate",
      arguments: [name],
      summary: "make a random value, and show it to nobody",
      about: "From the system's random generator. One that is there is replaced only with --force.",
      options: [
        { flags: "--length <count>", help: "how many characters (default: 32)" },
        {
          flags: "--alphabet <name>",
          help: "alnum, hex, base64url, ascii or digits (default: alnum)",
        },
        { flags: "--force", help: "replace a value that is there" },
      ],
      examples: [
        ["slipway secrets generate shop.SESSION_KEY", "32 letters and digits"],
        ["slipway secrets generate db.PASSWORD --length 64 --alphabet hex --force", "a new one"],
      ],
      load: () => import("../commands/secrets/generate.ts"),
    },
    {
      name: "verify",
      summary: "check that everything can be opened, and by whom",
      about:
        "Opens every value and file of the root and of all environments, and tells as " +
        "file:line:col what is not for your key, damaged, or not encrypted at all; checks each " +
        ".age-recipients, too. Exit code 1 when there is an error.",
      examples: [
        ["slipway secrets verify", "all of the repo, with the fleet's own key"],
        [
          "slipway secrets verify --age-key deploy.agekey --environment staging",
          "what one controller can open",
        ],
      ],
      load: () => import("../commands/secrets/verify.ts"),
    },
  ],
};
