// Made from schemas/machine.schema.json by `npm run generate`. Do not edit.

/**
 * A machine of a Slipway infra repo: machines/<name>.yaml.
 */
export interface MachineFile {
  /**
   * Where SSH reaches it.
   */
  address?: string;
  /**
   * The key that its sshd must show, as `ssh-keyscan` prints it without the name. Without one it is only taken with --accept-new-host-keys.
   */
  hostKey?: string;
  /**
   * What /etc/machine-id there must say; `slipway machine accept` writes it. Without one it is not looked at.
   */
  machineId?: string;
  /**
   * An address that an interface there really has; what other machines use, and what `publish` binds. Defaults to `address` where that is in a private range.
   */
  privateAddress?: string;
  /**
   * How SSH reaches it.
   */
  ssh?: {
    /**
     * root, or a user with `sudo -n`.
     */
    user?: string;
    /**
     * Where sshd listens.
     */
    port?: number;
    /**
     * Another machine of this repo, through which this one is reached.
     */
    jump?: string;
  };
  /**
   * The container engine on it.
   */
  engine?: {
    /**
     * Where the engine's API listens.
     */
    socket?: string;
    /**
     * Whether the distribution's docker.io is installed where there is no engine at all.
     */
    install?: boolean;
    /**
     * Whether containers are to outlive an engine that was there before, by live-restore in its daemon.json; one that Slipway installs has it.
     */
    liveRestore?: boolean;
  };
  /**
   * What apps choose machines by.
   */
  labels?: {
    [k: string]: string | string[];
  };
  /**
   * Packages that are installed, at exactly this version where one stands. What was not there before is removed when one goes, where a commit allows it.
   */
  packages?: string[];
  /**
   * Logins on it, besides those of slipway.yaml, over which these are laid; null takes one of them away here.
   */
  users?: {
    [k: string]: User;
  };
  /**
   * Closes the machine to the outside, but for SSH, what its apps and routes declare to be public, and what is allowed here. Without it nothing is closed.
   */
  firewall?: {
    /**
     * What else may come in from outside.
     */
    allow?: Opening[];
  };
  /**
   * Kernel settings, as sysctl names them: set at once, and at each boot by a file in /etc/sysctl.d. What stood before comes back when one goes.
   */
  sysctl?: {
    [k: string]: string;
  };
  /**
   * Files of the machine, by their absolute path there: a file beside the machine's YAML, or a secret. What stood before comes back when one goes.
   */
  files?: {
    [k: string]:
      | string
      | {
          /**
           * One file.
           */
          from?: string;
          /**
           * Octal, in quotes. Without it 0644, or 0755 for what is executable in git; 0600 for a secret.
           */
          mode?: string;
          /**
           * By name or number, as the machine knows them. Without it root:root.
           */
          owner?: string;
          /**
           * A secret instead of a file of the repo.
           */
          secret?: string;
        };
  };
  /**
   * Filesystems that are mounted, now and at each boot, by their absolute path. What is on a disk is never formatted.
   */
  mounts?: {
    [k: string]: {
      /**
       * Best by what never changes: /dev/disk/by-id/…, or its UUID.
       */
      device: string;
      /**
       * What is on the device.
       */
      type: string;
      /**
       * As in /etc/fstab; `nofail` is always among them.
       */
      options?: string;
      /**
       * With `true` a device on which there is surely nothing gets this filesystem (ext4 or xfs), once. One that carries anything is never formatted.
       */
      format?: boolean;
    };
  };
  /**
   * Its part in a private network of the fleet, by WireGuard: a key that never leaves the machine, and all other machines that have it as peers. Its address is then the privateAddress.
   */
  wireguard?: {
    /**
     * Its own address in the private network, and how large that is.
     */
    address: string;
    /**
     * Where it listens, by UDP.
     */
    port?: number;
  };
  /**
   * Which updates the machine installs by itself: those of security, by unattended-upgrades; or none. Without it, what the machine does is left alone.
   */
  updates?: "security" | "none";
  /**
   * A file that the machine swaps to, of this size, in Slipway's own folder; what else it swaps to is left alone.
   */
  swap?: string;
  /**
   * What its clocks show, by the name of the IANA's database. What was set before comes back when it goes.
   */
  timezone?: string;
  /**
   * Settings of its sshd, in a file of their own that is read before all others. Tried under a dead man's switch, one machine after another.
   */
  sshd?: {
    [k: string]: string;
  };
  /**
   * When it may be rebooted, where it says that it needs that: one machine of the fleet after another. Without it Slipway reboots it never.
   */
  reboot?: {
    /**
     * A time in which a reboot may begin.
     */
    window: {
      /**
       * When it opens.
       */
      schedule: string;
      /**
       * How long it is open from then on, in hours that pass.
       */
      for: string;
      /**
       * Whose clocks `schedule` means.
       */
      timezone?: string;
    };
    /**
     * How long it may take to come back.
     */
    deadline?: string;
  };
  /**
   * Machines whose own settings must be as declared before those of this one are touched; it is rebooted after them, too.
   */
  after?: string[];
}
export interface User {
  /**
   * All keys that it can log in with, as lines of authorized_keys; without it they are left as they are.
   */
  keys?: string[];
  /**
   * Whether it can become root without a password.
   */
  sudo?: boolean;
  /**
   * Groups that it is in, besides those that it is in already.
   */
  groups?: string[];
  /**
   * What it runs when it logs in; without it what it has, or what the machine gives new users.
   */
  shell?: string;
}
export interface Opening {
  /**
   * Where it arrives at the machine: of a published port, the one of the machine.
   */
  port: number | string;
  /**
   * Who may; without it anyone.
   */
  from?: string | string[];
  protocol?: "tcp" | "udp";
}
