// Made from schemas/slipway.schema.json by `npm run generate`. Do not edit.
import type { AppFields } from "./app.ts";
import type { FreezeTime } from "./app.ts";
import type { MachineFile } from "./machine.ts";
import type { Paused } from "./app.ts";
import type { User } from "./machine.ts";

/**
 * The fleet-wide settings of a Slipway infra repo: slipway.yaml.
 */
export interface SlipwayFile {
  /**
   * Labels all that Slipway owns. With --environment staging it becomes <fleet>-staging.
   */
  fleet?: string;
  /**
   * What every machine and every app has unless its file says otherwise.
   */
  defaults?: {
    /**
     * Of every machine.
     */
    machine?: MachineFile;
    /**
     * Of every app.
     */
    app?: AppFields;
  };
  /**
   * Where commit statuses go. By default it is read from the remote's URL; the token comes from SLIPWAY_FORGE_TOKEN.
   */
  forge?: {
    /**
     * What it speaks.
     */
    kind?: "github";
    /**
     * The infra repo's name there.
     */
    repository?: string;
    /**
     * For GitHub Enterprise.
     */
    api?: string;
  };
  /**
   * Logins of registries, by the host as image names have it; docker.io for names without one. Sent with each pull, never kept on a machine.
   */
  registries?: {
    [k: string]: {
      user: string;
      /**
       * A reference into secrets/: name.KEY.
       */
      password: string;
    };
  };
  /**
   * The proxy that Slipway runs on machines whose apps are reached by `routes` and `listen`.
   */
  proxy?: {
    /**
     * An image of HAProxy, 2.6 or later.
     */
    image?: string;
    /**
     * The machines whose proxies answer to the routes of all apps; without it each app's own machines. Other machines must have a privateAddress to be asked from there.
     */
    via?:
      | string
      | string[]
      | {
          [k: string]: string | string[];
        };
    /**
     * Load balancers in front, as networks: what they say of the client's address, and whether it came by HTTPS, is believed.
     */
    trust?: string[];
  };
  /**
   * Logins on every machine; what a machine's own file says of users is laid over this.
   */
  users?: {
    [k: string]: User;
  };
  /**
   * Times in which nothing new is rolled out of any app, nor of what machines declare: what runs goes on, and drift is healed. A commit that comes meanwhile is held until the end.
   */
  freeze?: FreezeTime[];
  /**
   * Nothing new is rolled out anywhere until then, or until this is taken away: what runs goes on, and drift is healed.
   */
  paused?: Paused;
  /**
   * How certificates are obtained for routes with `tls: auto`, over ACME.
   */
  certificates?: {
    /**
     * Given to who issues the certificates.
     */
    email?: string;
    /**
     * Who issues the certificates; without it Let's Encrypt.
     */
    directory?: string;
    /**
     * How it is shown that a host is yours: `http`, the proxies answer on port 80; `dns`, a command where Slipway runs (SLIPWAY_ACME_DNS_COMMAND) sets a record, which certificates for `*.example.com` need.
     */
    challenge?: "http" | "dns";
  };
}
