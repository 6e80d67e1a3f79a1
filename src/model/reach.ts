/** One way in: who can reach what, once a plan is applied. */
export interface Reach {
  /** What leads there: the proxies by a host or a number, a port of the machine, or all of its ports. */
  readonly by: "route" | "listen" | "publish" | "host";
  /** `shop`, or `shop-worker` for a service. */
  readonly app: string;
  /** Where it stands, sorted. */
  readonly machines: readonly string[];
  /** `https://shop.example.com/ → shop`, `shop:8080` */
  readonly what: string;
  /** `the private network`, `anyone` */
  readonly who: string;
  /** `the proxies of web-1 and web-2`, `web-1 (10.0.0.11)` */
  readonly where: string;
  readonly isPublic: boolean;
}
