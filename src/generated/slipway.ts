// Made from schemas/slipway.schema.json by `npm run generate`. Do not edit.
import type { AppFields } from "./app.ts";
import type { MachineFile } from "./machine.ts";

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
}
