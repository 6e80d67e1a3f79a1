/** A moment of a rollout behind the proxy: the controller's last call has been answered, and it made no other. */
export interface Moment {
  readonly name: string;
  /** Calls in their order, the last one that was answered. */
  readonly calls: readonly RegExp[];
  /** It goes on meanwhile: what it does next takes long enough. */
  readonly goesOn?: boolean;
  /** Of how the app is deployed. */
  readonly deploy?: string;
  /** The app needs another proxy. */
  readonly another?: boolean;
  /** Two proxies run. */
  readonly two?: boolean;
}

const told = /^talk set server/;
const prepared = /^sh sh \/var\/lib\/docker$/;
const named = /^POST .*\/rename\?name=acme-shop-1-[0-9a-f]{8}$/;
const announced = /^sh sh \S+ \d+ \d+$/;
const keptAsPrevious = /^POST .*\/rename\?name=acme-shop-1-prev$/;

const ofTheApp: readonly Moment[] = [
  { name: "before anything moves", calls: [prepared] },
  { name: "after the creation", calls: [/^POST .*\/create\?name=acme-shop-1-new$/] },
  { name: "after the start", calls: [/^POST .*\/start$/] },
  { name: "after it was written who serves", calls: [/^sh sh \S+\/proxy shop i1/] },
  { name: "after the switch", calls: [told] },
  { name: "with a share", calls: [told], deploy: "canary: { share: 20%, for: 3s }" },
  {
    name: "while it has a share",
    calls: [told],
    goesOn: true,
    deploy: "canary: { share: 20%, for: 4s }",
  },
  { name: "after all of a share", calls: [told, told], deploy: "canary: { share: 20%, for: 1s }" },
  { name: "during the watch", calls: [told], goesOn: true, deploy: "watch: 4s" },
  { name: "before the drain", calls: [named] },
  { name: "during the drain", calls: [named], goesOn: true, deploy: "drain: 4s" },
  { name: "after the drain", calls: [named, announced] },
  { name: "after the former one's stop", calls: [/^POST .*\/stop\?t=/] },
  { name: "after the former one was put away", calls: [/^POST .*\/update$/] },
  { name: "before it is recorded", calls: [keptAsPrevious] },
  { name: "after it was recorded", calls: [keptAsPrevious, /^put .*\/inventory\.json$/] },
];

const created = /^POST \/containers\/create\?name=slipway-acme-proxy-[0-9a-f]{8}$/;
const checked = /^POST \/containers\/create\?name=slipway-acme-proxy-[0-9a-f]{8}-check$/;
const started = /^POST .*\/start$/;
const left = /^POST .*\/rename\?name=slipway-acme-proxy-leaving-/;

const ofTheProxy: readonly Moment[] = [
  { name: "while another proxy's files are checked", calls: [checked, started] },
  { name: "after the former proxy's files were kept", calls: [/^sh sh .*\/proxy\.former cp -p$/] },
  { name: "after another proxy's files were put in place", calls: [/^sh sh .*\/proxy mv -f$/] },
  { name: "before another proxy starts", calls: [created] },
  { name: "after another proxy's start", calls: [created, started], two: true },
  { name: "after another proxy answered", calls: [/^rm -rf -- .*\/proxy\.former$/], two: true },
  { name: "before the former proxy is told", calls: [created, /^POST .*\/update$/], two: true },
  { name: "after the former proxy was told", calls: [/\/kill\?signal=SIGUSR1$/], two: true },
  { name: "while the former proxy leaves", calls: [left], two: true },
  { name: "after the former proxy has left", calls: [left, prepared] },
].map((moment) => ({ ...moment, another: true }));

export const moments: readonly Moment[] = [...ofTheApp, ...ofTheProxy];
