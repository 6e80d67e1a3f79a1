import type { Clash } from "../kind.ts";

/** `thing`: `network slipway-acme-staging`. */
export const ofOtherFleet = (thing: string, fleet: string, needs: string): Clash => ({
  text: `${thing} belongs to fleet ${fleet}`,
  needs,
});

/** Another family kept it through its rename. */
export const ofRenamedApp = (thing: string, holder: string, former: string): Clash => ({
  text: `${thing} is of app ${holder}, which was called ${former} when it was made`,
  needs: `another name for app ${former}`,
});
