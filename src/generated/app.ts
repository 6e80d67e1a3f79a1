// Made from schemas/app.schema.json by `npm run generate`. Do not edit.

/**
 * An app of a Slipway infra repo: apps/<name>.yaml, or apps/<name>/app.yaml with the files that it ships beside it.
 */
export type AppFile = AppFields & {
  /**
   * Several processes of one app. What stands beside this key is each one's default; they roll together. Service `worker` of `shop` is the app `shop-worker`; one called like the file is `shop`.
   */
  services?: {
    [k: string]: Service;
  };
  /**
   * What is different on single machines.
   */
  perMachine?: {
    [k: string]: PerMachine;
  };
  /**
   * Times in which nothing new is rolled out of this app: what runs goes on, and drift is healed. A commit that comes meanwhile is held until the end.
   */
  freeze?: FreezeTime[];
  paused?: Paused;
};
/**
 * One process of the app.
 */
export type Service = AppFields;
/**
 * What is different on one machine.
 */
export type PerMachine = AppFields;

/**
 * What one app or service can hold.
 */
export interface AppFields {
  /**
   * The image to run. It is deployed by the digest that it resolved to first.
   */
  image?: string;
  /**
   * `always` asks the registry again at every deploy, for tags that move. Without it the same text means the same digest.
   */
  pull?: "always";
  /**
   * Where it runs: labels (all must match; a list of values means any of them), a name, a list of names, or `all`. With a single machine it may be left out.
   */
  machines?:
    | string
    | string[]
    | {
        [k: string]: string | string[];
      };
  /**
   * How many on each machine.
   */
  instances?: number;
  /**
   * Where it listens in its container; or several by name, of which the first is the default.
   */
  port?:
    | number
    | {
        [k: string]: number;
      };
  /**
   * The number under which the fleet reaches it through the proxies of its machines, as in shop:8080. Without it the number of `port`, where that is free on the machine and `publish` does not name it; `off`: only services of its own app reach it. A single number is that of the first port. There are numbers where slipway.yaml has `proxy`, or an app has `routes`, `listen` or `protocol`.
   */
  listen?:
    | number
    | string
    | {
        [k: string]: number | string;
      };
  /**
   * What is spoken on `port`: `http` is handed on request by request, `tcp` connection by connection. Without it `http` where a route leads there, else `tcp`. A single word is for the first port.
   */
  protocol?:
    | string
    | {
        [k: string]: "http" | "tcp";
      };
  /**
   * Hosts and paths under which it is reached from outside, through the proxy.
   */
  routes?: {
    /**
     * As it is asked for; `*.example.com` is every name below it that no other route has. Names that are not ASCII are written as DNS has them: xn--….
     */
    host: string | string[];
    /**
     * It and all that is below it, by whole segments; the longest one that fits counts.
     */
    path?: string;
    /**
     * Which of its ports; without it the first.
     */
    port?: string;
    /**
     * `auto` obtains a certificate for the host and renews it, `off` serves plain HTTP only; or a certificate of your own, out of secrets/. Where it is on, HTTP is sent to HTTPS.
     */
    tls?:
      | string
      | {
          /**
           * The certificate with its chain, PEM: KEY of the app's own file in secrets/, KEY of another one as name.KEY, or a whole file by its path below secrets/.
           */
          cert: string;
          /**
           * Its private key, PEM; a reference likewise.
           */
          key: string;
        };
    /**
     * Where whoever asks is sent instead of to the app; the path and the query of the request are kept.
     */
    redirect?: string;
    /**
     * The machines whose proxies answer to it; instead of `proxy.via` in slipway.yaml, and that instead of the app's own machines.
     */
    via?:
      | string
      | string[]
      | {
          [k: string]: string | string[];
        };
    /**
     * Takes `path` away from what the app gets to see.
     */
    stripPath?: boolean;
    /**
     * Answers 503 with a page that says so, instead of asking the app.
     */
    maintenance?: boolean;
    /**
     * Compresses texts for clients that can take that.
     */
    gzip?: boolean;
    /**
     * Keeps each client with one instance, by a cookie.
     */
    sticky?: boolean;
    /**
     * The largest body that a request may have; larger ones are answered 413, and longer ones that do not say their length before they are sent 411. Without it there is no limit.
     */
    maxBody?: string;
    /**
     * How long the app may take until it begins to answer, then 504, and may pause while it does. Without it ten minutes. Event streams and WebSockets may be silent for a day.
     */
    timeout?: string;
    /**
     * How many requests each client's address may make; more are answered 429.
     */
    rate?: {
      /**
       * How many.
       */
      requests: number;
      /**
       * In how long a time.
       */
      per: string;
    };
  }[];
  /**
   * Secrets that the app gets: as environment variables under their own names or others, or as files /run/secrets/NAME.
   */
  secrets?: (
    | string
    | {
        [k: string]:
          | string
          | {
              /**
               * KEY of the app's own file in secrets/, KEY of another one as name.KEY, or a whole file by its path below secrets/.
               */
              secret: string;
              /**
               * `file`: as /run/secrets/NAME, and NAME_FILE says so in the environment. Without it an environment variable.
               */
              as?: "env" | "file";
              /**
               * Of the file; octal, in quotes. Without it 0400.
               */
              mode?: string;
              /**
               * Of the file: uid or uid:gid. Without it the app's numeric user, else root.
               */
              owner?: string;
            };
      }
  )[];
  /**
   * Commands that run at times, each in a container of its own with the app's image, env, secrets, files, volumes and networks: once, on the app's first machine by name. Beside `services` they run as the one that is called like the file, else as the first by name. A timer of systemd starts them there, also without Slipway.
   */
  jobs?: {
    [k: string]: Job;
  };
  /**
   * Tells it to read its `files` anew: where nothing else changed, they are replaced while it runs and its process gets this signal, instead of a new container. It is probed after it; where it is not well it gets its former files back.
   */
  reload?: string;
  /**
   * Arguments of the entrypoint; instead of the image's. A list, or a string that is split into words without a shell.
   */
  command?: string | string[];
  /**
   * Instead of the image's entrypoint.
   */
  entrypoint?: string | string[];
  /**
   * Environment variables. Values are their source text: 1.10 stays 1.10. null unsets one from a lower layer.
   */
  env?: {
    [k: string]:
      | string
      | {
          /**
           * A text with secrets in it: ${KEY}, ${name.KEY}; $$ is a dollar sign. The result is a secret.
           */
          template?: string;
          /**
           * KEY of the app's own file in secrets/, KEY of another one as name.KEY, or a whole file by its path below secrets/.
           */
          secret?: string;
        };
  };
  /**
   * Files in the container, by their absolute path there: a file or folder beside the app's YAML, or a secret; mounted read-only.
   */
  files?: {
    [k: string]:
      | string
      | {
          /**
           * A file, or a folder.
           */
          from?: string;
          /**
           * Octal, in quotes. Without it 0644, or 0755 for what is executable in git; 0400 for a secret.
           */
          mode?: string;
          /**
           * uid or uid:gid. Without it the app's numeric user, else root.
           */
          owner?: string;
          /**
           * A secret instead of a file of the repo.
           */
          secret?: string;
          /**
           * The file is a text with secrets in it: ${KEY}, ${name.KEY}; $$ is a dollar sign. The result is a secret.
           */
          template?: boolean;
        };
  };
  /**
   * Data that outlives the container. A name becomes the engine volume `<app>_<name>`; an absolute path is a folder of the machine.
   */
  volumes?:
    | {
        [k: string]:
          | string
          | {
              /**
               * Where it is mounted in the container.
               */
              path: string;
              readOnly?: boolean;
              /**
               * The engine volume's exact name, without the app before it.
               */
              name?: string;
            };
      }
    | string[];
  /**
   * Limits that the engine holds the container to. Most are changed in place, without a restart.
   */
  resources?: {
    /**
     * The most memory it may use; beyond it the kernel kills it.
     */
    memory?: string;
    /**
     * What it is squeezed back to when the machine runs short.
     */
    memoryReservation?: string;
    /**
     * Memory and swap together.
     */
    memorySwap?: string;
    /**
     * How many processors it may use at once.
     */
    cpus?: number;
    /**
     * Weight against other containers when processors are short; 1024 is usual.
     */
    cpuShares?: number;
    /**
     * The processors it may run on.
     */
    cpuset?: string;
    /**
     * How many processes and threads it may have.
     */
    pids?: number;
  };
  /**
   * How Slipway knows that a new container works. Left out: the image's HEALTHCHECK, else TCP on `port`, else running for 5 s without a restart.
   */
  health?:
    | string
    | {
        /**
         * GET of this path wants 2xx or 3xx.
         */
        http?: string;
        /**
         * A connection is enough.
         */
        tcp?: true;
        /**
         * Run in the container; exit code 0 is healthy.
         */
        command?: string | string[];
        /**
         * The image's own HEALTHCHECK.
         */
        engine?: true;
        /**
         * The port that is asked; without it the first of `port`.
         */
        port?: number | string;
        /**
         * Between two probes.
         */
        interval?: string;
        /**
         * For one probe.
         */
        timeout?: string;
        /**
         * Until it must be healthy.
         */
        deadline?: string;
      };
  /**
   * Ports of the machine that lead straight to the container. `private` (the default) binds the machine's private address, `public` all addresses, `local` only 127.0.0.1.
   */
  publish?: string[];
  /**
   * How a new version takes over from the old one.
   */
  deploy?: {
    /**
     * `auto` starts the new one first where no host port and no volume is held, else stops the old one first.
     */
    strategy?: "auto" | "start-first" | "stop-first";
    /**
     * How many machines at a time, after the first; or which part of them, at least one.
     */
    batch?: number | string;
    /**
     * How long it may take to stop before it is killed.
     */
    stopTimeout?: string;
    /**
     * How long a new container is watched after it became healthy, before the deploy counts: one that ends or becomes unhealthy meanwhile has failed. Other machines go on at once; `0s` does not watch. What ran here before is only watched while the one before it is warm.
     */
    watch?:
      | string
      | {
          /**
           * In all.
           */
          for?: string;
          /**
           * Behind the proxy: so much of it while the one before still runs, and gets the requests back at once if this one fails.
           */
          warm?: string;
        };
    /**
     * `revert` brings the former version back on every machine; `halt` stops where it is; `continue` goes on with the other machines, and the deploy counts as failed all the same.
     */
    onFailure?: "revert" | "halt" | "continue";
    /**
     * How long the old version may go on with what it is doing once the new one gets all new requests; what is left then is cut.
     */
    drain?:
      | string
      | {
          /**
           * For requests and their answers.
           */
          requests?: string;
          /**
           * For WebSockets, tunnels and connections of tcp; without it as long as requests.
           */
          streams?: string;
        };
    /**
     * The share of requests that a new version gets at first, while it is watched; all only once that went well. For http behind the proxy.
     */
    canary?:
      | string
      | {
          /**
           * Of the requests on one machine.
           */
          share: string;
          /**
           * How long.
           */
          for?: string;
          /**
           * The most answers of 500 and above that the new version may give meanwhile; more and it has failed.
           */
          maxErrors?: string;
          /**
           * The most time that its answers may take on average; more and it has failed.
           */
          maxLatency?: string;
        };
    /**
     * The most answers of 500 and above that a new version may give while it is watched; more and it has failed.
     */
    maxErrors?: string;
  };
  /**
   * Limits of the engine's log files of one container.
   */
  logs?: {
    /**
     * Of one log file.
     */
    maxSize?: string;
    /**
     * How many log files are kept.
     */
    maxFiles?: number;
  };
  /**
   * Run once per rollout, with the new image, before any container is switched: migrations. Beside `services` it runs in the image that stands there too, for the services that have it; in a service in that service's.
   */
  release?: {
    /**
     * What is run.
     */
    command: string | string[];
    /**
     * Until it must have ended.
     */
    deadline?: string;
  };
  /**
   * Apps that must be healthy before this one is touched.
   */
  after?: string[];
  /**
   * `heal` puts them back, `report` only tells.
   */
  drift?: "heal" | "report";
  /**
   * `stopped` keeps its containers, stopped.
   */
  state?: "running" | "stopped";
  /**
   * The app's former name: its containers and volumes are kept through the rename.
   */
  renamedFrom?: string;
  /**
   * As whom it runs in the container.
   */
  user?: string;
  /**
   * The folder that it starts in.
   */
  workingDir?: string;
  /**
   * The container's own host name.
   */
  hostname?: string;
  /**
   * Runs a small init as process 1 that forwards signals and reaps processes.
   */
  init?: boolean;
  /**
   * Makes the container's own file system read-only.
   */
  readOnly?: boolean;
  /**
   * Folders in memory.
   */
  tmpfs?: string[];
  /**
   * Size of /dev/shm.
   */
  shmSize?: string;
  /**
   * Limits of the kernel for each process: one number, or soft and hard.
   */
  ulimits?: {
    [k: string]:
      | number
      | {
          soft: number;
          hard: number;
        };
  };
  /**
   * Kernel capabilities that it has besides the engine's usual ones.
   */
  capAdd?: string[];
  /**
   * Kernel capabilities that it does without.
   */
  capDrop?: string[];
  /**
   * Devices of the machine that it may use.
   */
  devices?: string[];
  /**
   * Kernel settings of the container's own namespaces.
   */
  sysctls?: {
    /**
     * Numbers and booleans stand for what is written: 1.10 stays 1.10.
     */
    [k: string]: string;
  };
  /**
   * More names in the container's /etc/hosts.
   */
  extraHosts?: {
    [k: string]: string;
  };
  /**
   * Name servers instead of the machine's.
   */
  dns?: string[];
  /**
   * Gives it nearly all that root on the machine can do.
   */
  privileged?: boolean;
  /**
   * The engine's security options.
   */
  securityOpt?: string[];
  /**
   * More groups of its user, by name or number.
   */
  groupAdd?: string[];
  /**
   * Labels of the container besides Slipway's own.
   */
  labels?: {
    /**
     * Numbers and booleans stand for what is written: 1.10 stays 1.10.
     */
    [k: string]: string;
  };
  /**
   * What the engine does when its process ends.
   */
  restart?: "no" | "always" | "unless-stopped" | "on-failure";
  /**
   * What asks it to stop; instead of the image's.
   */
  stopSignal?: string;
  /**
   * `host` gives it the machine's own network, without a bridge.
   */
  network?: "host";
  /**
   * A container of this name that was there before is its first instance, as it runs, until something of it is declared otherwise; of several the first is instance 1, the second instance 2. It is never removed for being no longer declared. `slipway adopt` writes it; once its container was replaced it does nothing.
   */
  adopt?: string | string[];
}
export interface Job {
  /**
   * When it starts. A start that comes while it runs is skipped; one that was missed while the machine was down is caught up.
   */
  schedule: string;
  /**
   * Whose clocks `schedule` means.
   */
  timezone?: string;
  /**
   * What is run; without it the app's own command.
   */
  command?: string | string[];
  /**
   * Until it must have ended, else it is stopped.
   */
  deadline?: string;
  /**
   * `machine`: on each of the app's machines instead of on the first one.
   */
  each?: "machine";
}
export interface FreezeTime {
  /**
   * When it begins.
   */
  schedule: string;
  /**
   * How long it lasts from then on, in hours that pass: 62h are 62 hours also where clocks are changed.
   */
  for: string;
  /**
   * Whose clocks `schedule` means.
   */
  timezone?: string;
  /**
   * What is told to those who wait.
   */
  reason?: string;
}
/**
 * Nothing new is rolled out of this app until then, or until this is taken away: what runs goes on, and drift is healed.
 */
export interface Paused {
  /**
   * What is told to those who wait.
   */
  reason: string;
  /**
   * When it ends by itself: the beginning of that day (UTC), or that moment. Without it only a commit ends it.
   */
  until?: string;
}
