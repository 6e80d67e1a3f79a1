import type { CommandGroup } from "../command.ts";

const name = ["<name>", "shop.DB_PASSWORD, or a whole file: tls/shop.key.age"] as const;

const nearest = {
  flags: "--in <folder>",
  help: "the list in this folder (default: the nearest to secrets/)",
};
const rotates = { flags: "--rotate", help: "encrypt everything for the new list at once" };

const recipientsGroup: CommandGroup = {
  name: "recipients",
  summary: "who can read what is encrypted",
  about:
    "Lists of keys in .age-recipients, one a line: 'age1…', or 'ssh-ed25519 AAAA…'. For each file " +
    "the nearest list counts: in its folder, or above it. The controller's own key has to be in " +
    "each, or nothing can be deployed.",
  examples: [
    ["slipway secrets recipients list", "all lists of the repo"],
    ["slipway secrets recipients add age1… --comment ada --rotate", "let ada read everything"],
  ],
  commands: [
    {
      name: "list",
      summary: "who is in which list",
      about: "Every .age-recipients of the repo. Your own key is marked.",
      examples: [
        ["slipway secrets recipients list", "as a table"],
        ["slipway secrets recipients list --json", "for a script"],
      ],
      load: () => import("../commands/secrets/recipients-list.ts"),
    },
    {
      name: "add",
      arguments: [
        ["<recipient>", "age1…, or 'ssh-ed25519 AAAA…'"],
        ["[words...]", "the rest of an SSH key that is not in quotes"],
      ],
      summary: "let a key read what is encrypted from now on",
      about:
        "Writes it into the nearest list, or makes one with --in. What is encrypted already stays " +
        "closed to it until it is encrypted anew: --rotate does that.",
      options: [{ flags: "--comment <who>", help: "whose key it is" }, nearest, rotates],
      examples: [
        ["slipway secrets recipients add age1… --comment ada", "for all of secrets/"],
        ["slipway secrets recipients add age1… --in secrets/billing", "a list for one folder"],
      ],
      load: () => import("../commands/secrets/recipients-add.ts"),
    },
    {
      name: "remove",
      arguments: [
        ["<recipient>", "the key, or its comment"],
        ["[words...]", "the rest of an SSH key that is not in quotes"],
      ],
      summary: "take a key out of a list",
      about:
        "What it could read so far it can read for good: git keeps it. So encrypt anew with " +
        "--rotate, and replace the values that are named then. The last key of a list, and your " +
        "own, are taken out only with --force.",
      options: [{ flags: "--force", help: "also the last key, or your own" }, nearest, rotates],
      examples: [
        ["slipway secrets recipients remove bob --rotate", "by comment, and encrypt anew"],
        ["slipway secrets recipients remove age1… --in secrets/billing", "from one list"],
      ],
      load: () => import("../commands/secrets/recipients-remove.ts"),
    },
  ],
};

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
      arguments: [name],
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
      name: "list",
      summary: "what there is, who can read it, and what uses it",
      about:
        "Every value and file of the root and of all environments. age names nobody in what it " +
        "encrypts to age keys: where the number and types of keys fit .age-recipients, those in it " +
        "are shown. What no app and no registry refers to is unused. Takes no key.",
      examples: [
        ["slipway secrets list", "all of the repo"],
        ["slipway secrets list --json | jq .secrets", "for a script"],
      ],
      load: () => import("../commands/secrets/list.ts"),
    },
    {
      name: "rotate",
      arguments: [["[name...]", "files (shop) or values (shop.KEY); none: everything"]],
      summary: "encrypt anew for those who are in .age-recipients now",
      about:
        "Whatever is not for exactly the present recipients, as its header or git's history shows. " +
        "The values stay the same: those that somebody could read who has gone are named, and " +
        "only a new value helps there. Age keys are not named in what is encrypted to them, so " +
        "what was encrypted by hand for others, as many, is not seen: --all takes everything.",
      options: [{ flags: "--all", help: "also what seems to be for the present recipients" }],
      examples: [
        ["slipway secrets rotate", "after a change of .age-recipients"],
        ["slipway secrets rotate shop --all", "all values in secrets/shop.yaml"],
      ],
      load: () => import("../commands/secrets/rotate.ts"),
    },
    recipientsGroup,
    {
      name: "verify",
      summary: "check that everything can be opened, and by whom",
      about:
        "Opens every value and file of the root and of all environments, and tells as " +
        "file:line:col what is not for your key, damaged, or not encrypted at all; checks each " +
        ".age-recipients, too. With --environment: what that one has, and what it uses of the root's. " +
        "Exit code 1 when there is an error.",
      examples: [
        ["slipway secrets verify", "all of the repo, with the fleet's own key"],
        [
          "slipway secrets verify --age-key deploy.agekey --environment staging",
          "what one controller can open",
        ],
      ],
      load: () => import("../commands/secrets/verify.ts"),
    },
    {
      name: "textconv",
      arguments: [["<file>", "a file below secrets/, of any commit"]],
      summary: "show keys and fingerprints of ciphertexts, for git diff",
      about:
        "Opens nothing and takes no key: a diff then shows which keys have changed. In the repo's " +
        ".gitattributes stands '/secrets/** diff=slipway' ('init' writes it); in each clone: git " +
        "config diff.slipway.textconv 'slipway secrets textconv'",
      examples: [
        ["slipway secrets textconv secrets/shop.yaml", "keys, each with a fingerprint"],
        ["slipway secrets textconv secrets/tls/shop.key.age", "of a whole file"],
      ],
      load: () => import("../commands/secrets/textconv.ts"),
    },
  ],
};
