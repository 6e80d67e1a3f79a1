import assert from "node:assert/strict";
import { test } from "node:test";
import {
  certifiedHosts,
  parseCrtList,
  renderCrtList,
} from "../../../../src/kinds/shared/proxy/crt-list.ts";
import { routeOf } from "../../../support/proxy-specs.ts";

test("a host with HTTPS is listed once, whatever its paths", () => {
  const routes = [
    routeOf("shop.example.com", { tls: "on" }),
    routeOf("shop.example.com", { tls: "on", path: "/api" }),
    routeOf("plain.example.com"),
    routeOf("*.example.com", { tls: "on" }),
  ];
  assert.equal(
    renderCrtList(certifiedHosts({ routes })),
    "/etc/slipway/certs/_.example.com.pem *.example.com\n/etc/slipway/certs/shop.example.com.pem shop.example.com\n",
  );
});

const shown = `# /etc/slipway/crt-list
/etc/slipway/certs/a.test.pem a.test
/etc/slipway/certs/b.test.pem:2 b.test
/etc/slipway/certs/a.test.pem a.test

`;
const cases: readonly (readonly [says: string, text: string, files: readonly string[]])[] = [
  ["a list", shown.replace(":2", ""), ["a.test", "b.test"]],
  ["no list", "didn't find the specified filename\n\n", []],
  ["nothing", "", []],
];
for (const [says, text, hosts] of cases)
  test(`what a proxy says that has ${says}`, () => {
    const files = hosts.map((host) => `/etc/slipway/certs/${host}.pem`);
    assert.deepEqual(parseCrtList(text), files);
  });
