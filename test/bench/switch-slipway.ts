import type { Fleet } from "../fleet/fleet.ts";
import { openController } from "../support/controller.ts";
import { siteOn } from "../support/site.ts";
import type { Contender } from "./contender.ts";

export const host = "shop.example.com";

/** Commits an image and reconciles, as a daemon does once it has heard of the commit. */
export const bySlipway: Contender = {
  what: "Slipway",
  goal: 0,
  open: async ({ fleet, machine, images }) => {
    const site = await siteOn(fleet, [machine.name]);
    await site.commit("A proxy", { "slipway.yaml": await settings(fleet) });
    const controller = await openController(site.options);
    const serve = async (tag: string): Promise<void> => {
      await site.commit(`Shop ${tag}`, { "apps/shop.yaml": appFile(images[tag] ?? "") });
      const { outcome, text } = await controller.reconcile();
      if (outcome !== "applied") throw new Error(`Slipway: ${outcome}: ${text}`);
    };
    await serve("1");
    return {
      target: { url: `http://${host}`, address: machine.address },
      switchTo: serve,
      close: async () => {
        await controller.close();
        await site.close();
      },
    };
  },
};

export const settings = async (fleet: Fleet): Promise<string> => {
  const image = await fleet.images?.pushProxy();
  return `fleet: acme\nproxy: { image: "${image?.reference ?? ""}" }\n`;
};

/** As others wait a second by hand, so does this for what has no end; what is answered gets the time that it needs. */
export const appFile = (
  image: string,
  { watch = "1s", drain = "10s" }: { readonly watch?: string; readonly drain?: string } = {},
): string => `image: ${image}
machines: all
port: 8080
routes: [{ host: ${host}, tls: "off" }]
health: { http: /up, interval: 200ms }
deploy: { watch: ${watch}, drain: ${drain}, stopTimeout: 10s }
`;
