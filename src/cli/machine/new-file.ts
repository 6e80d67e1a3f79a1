/** What is known of a machine after first contact. */
export interface NewMachine {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly machineId?: string;
  readonly jump?: string;
  readonly privateAddress?: string;
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

/** `machines/<name>.yaml` of a machine that was just met; `schema` is the path to it, where the repo has one. */
export function newMachineFile(machine: NewMachine, schema: string | undefined): string {
  const { address, hostKey, machineId, privateAddress, labels } = machine;
  const lines = [
    ...(schema === undefined ? [] : [`# yaml-language-server: $schema=${schema}`]),
    `address: ${quoted(address)}`,
    `hostKey: ${hostKey}`,
    ...(machineId === undefined
      ? []
      : [`machineId: ${/^[\de]+$/.test(machineId) ? quoted(machineId) : machineId}`]),
    ...(privateAddress === undefined ? [] : [`privateAddress: ${quoted(privateAddress)}`]),
    ...sshLine(machine),
    labels.size === 0
      ? "# labels: { role: web }   # what apps choose machines by"
      : `labels: { ${[...labels].map(([key, values]) => `${key}: ${listed(values)}`).join(", ")} }`,
  ];
  return `${lines.join("\n")}\n`;
}

/** `ssh: { user: deploy }`, as far as it is not the usual. */
function sshLine({ user, port, jump }: NewMachine): readonly string[] {
  const parts = [
    `user: ${user}`,
    ...(port === 22 ? [] : [`port: ${port}`]),
    ...(jump === undefined ? [] : [`jump: ${jump}`]),
  ];
  return [`ssh: { ${parts.join(", ")} }`];
}

const listed = (values: readonly string[]): string => {
  const [first = "", ...others] = values.map(quoted);
  return others.length === 0 ? first : `[${[first, ...others].join(", ")}]`;
};

/** What YAML could take for something else than a text stands in quotes. */
const quoted = (text: string): string =>
  /^[A-Za-z][A-Za-z0-9._/-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : /^\d+\.\d+\.\d+\.\d+$/.test(text)
      ? text
      : JSON.stringify(text);
