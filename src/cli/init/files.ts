/** A server that the new repo names. */
export interface InitMachine {
  readonly name: string;
  readonly address: string;
  readonly user?: string;
  readonly port?: number;
  /** As its sshd showed it. */
  readonly hostKey?: string;
}

export interface InitRepo {
  readonly fleet: string;
  readonly machines: readonly InitMachine[];
  /** `age1…` */
  readonly recipient: string;
  /** Where the private key was written, for people. */
  readonly keyFile: string;
  /** The published schemas by file name, for editors. */
  readonly schemas: Readonly<Record<string, string>>;
}

/** An address that nobody has: from the range for documentation. */
export const placeholderAddress = "203.0.113.10";

/** All files of a new infra repo, by path. */
export function initFiles(repo: InitRepo): Readonly<Record<string, string>> {
  const schemas = Object.entries(repo.schemas).map(([name, text]) => [`.schemas/${name}`, text]);
  const machines = repo.machines.map((m, i) => [`machines/${m.name}.yaml`, machineFile(m, i)]);
  return {
    "slipway.yaml": settingsFile(repo.fleet),
    ...(Object.fromEntries(machines) as Record<string, string>),
    "apps/hello/app.yaml": appFile,
    "apps/hello/index.html": pageFile,
    ".age-recipients": recipientsFile(repo),
    ".gitignore": ignoreFile,
    ".gitattributes": attributesFile,
    "README.md": readmeFile(repo),
    ...(Object.fromEntries(schemas) as Record<string, string>),
  };
}

const modeline = (kind: "slipway" | "machine" | "app", up: string): string =>
  `# yaml-language-server: $schema=${up}.schemas/${kind}.schema.json\n`;

const settingsFile = (
  fleet: string,
): string => `${modeline("slipway", "")}# What is the same for the whole fleet. Its name labels all that Slipway owns on the machines: choose it for good.
fleet: ${fleet}
defaults:
  app:
    logs: { maxSize: 20m, maxFiles: 5 }
`;

function machineFile({ address, user, port, hostKey }: InitMachine, index: number): string {
  const login = [
    ...(user === undefined ? [] : [`user: ${user}`]),
    ...(port === undefined ? [] : [`port: ${port}`]),
  ];
  const fill =
    address === placeholderAddress ? "   # the address of your server: where SSH reaches it" : "";
  const key =
    hostKey === undefined
      ? "# hostKey: ssh-ed25519 AAAA…   # what `ssh-keyscan -t ed25519 ADDRESS` prints, without the address\n"
      : `hostKey: ${hostKey}\n`;
  const ssh =
    login.length > 0
      ? `ssh: { ${login.join(", ")} }\n`
      : "# ssh: { user: deploy }        # default root; another user needs `sudo -n`\n";
  return `${modeline("machine", "../")}address: ${address}${fill}
${key}${ssh}# privateAddress: 10.0.0.${11 + (index % 200)}     # of an interface of its own: what other machines use, and where \`listen\` is
labels: { role: web }
`;
}

const appFile = `${modeline("app", "../../")}# On every machine with this label, behind a proxy there: a new version starts beside the old one, and gets the requests
# once it works.
image: nginx:1.27-alpine
machines: { role: web }
port: 80
# The machine itself and its private network reach it as hello:8080. For everyone, once DNS leads a name here, with a
# certificate: routes: [{ host: hello.example.com }]
listen: 8080
protocol: http
files:
  # Shipped from beside this file: a change of it rolls the app.
  /usr/share/nginx/html/index.html: index.html
# A password or a token: \`slipway secrets set hello.TOKEN\` encrypts it into secrets/hello.yaml, which belongs into git. Then
# secrets: [TOKEN]                                   # the variable TOKEN, or:
# secrets: [{ TOKEN: { secret: TOKEN, as: file } }]  # the file /run/secrets/TOKEN, which TOKEN_FILE names
resources: { memory: 128m }
health: { http: / }
`;

const pageFile = `<!doctype html>
<title>hello</title>
<h1>Hello from a git repo</h1>
`;

const recipientsFile = ({ recipient, keyFile }: InitRepo): string =>
  `# Who can decrypt what is in secrets/, one recipient a line; 'slipway secrets recipients add' adds one.
# The controller's key is in ${keyFile}:
# keep a copy of it somewhere safe, and never in a repo.

# controller
${recipient}
`;

const ignoreFile = `*.agekey
.env
`;

/** Where the command is not configured, git shows its usual diff. */
const attributesFile = `# 'git diff' then shows which keys changed: git config diff.slipway.textconv 'slipway secrets textconv'
/secrets/** diff=slipway
/environments/*/secrets/** diff=slipway
`;

const readmeFile = ({ fleet, machines }: InitRepo): string => `# The fleet ${fleet}

What runs on our machines, as files. A merged commit is deployed, a reverted one is rolled back, by Slipway.

    machines/     one file a machine (${machines.map(({ name }) => name).join(", ")})
    apps/         one file an app, with the files that it ships beside it
    secrets/      what only some can read, encrypted: values by app (none yet)
    slipway.yaml  what is the same for all

    slipway validate    check every file
    slipway plan        what would change, and why; touches nothing
    slipway reconcile   make it so, once
    slipway run         follow the branch: what is merged is deployed

    slipway secrets set hello.TOKEN    asks for a value, encrypts it into secrets/hello.yaml; the app says
                                       secrets: [TOKEN] and has it in its environment
    slipway secrets verify             whether all of them can be opened

.age-recipients says who can read them. The key is not in this repo: whoever runs Slipway needs it.

Each machine needs sshd and a user who is root or may \`sudo -n\`; Docker Engine is installed where there is none.
\`slipway machine bootstrap HOST\` takes in another.
`;
