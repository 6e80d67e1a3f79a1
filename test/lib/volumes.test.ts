import assert from "node:assert/strict";
import { test } from "node:test";
import { engineVolumeName, portsOf, volumesOf } from "../../src/lib/volumes.ts";

test("volumes in every form", () => {
  assert.deepEqual(volumesOf(undefined), []);
  assert.deepEqual(
    volumesOf({
      data: "/var/lib/shop",
      "/srv/media": { path: "/media", readOnly: true },
      old: { path: "/old", name: "legacy" },
    }),
    [
      { source: "data", kind: "named", path: "/var/lib/shop", readOnly: false },
      { source: "/srv/media", kind: "host", path: "/media", readOnly: true },
      { source: "old", kind: "named", path: "/old", readOnly: false, name: "legacy" },
    ],
  );
  assert.deepEqual(volumesOf(["data:/x:ro", "/srv:/y:rw"]), [
    { source: "data", kind: "named", path: "/x", readOnly: true },
    { source: "/srv", kind: "host", path: "/y", readOnly: false },
  ]);
});

test("an engine volume is named after its app file, unless it has a name", () => {
  assert.deepEqual(
    volumesOf({ data: "/x", old: { path: "/y", name: "legacy" } }).map((volume) =>
      engineVolumeName("shop", volume),
    ),
    ["shop_data", "legacy"],
  );
});

test("ports keep their order", () => {
  assert.deepEqual(portsOf(8080), [{ number: 8080 }]);
  assert.deepEqual(portsOf({ http: 3000, ssh: 22 }), [
    { name: "http", number: 3000 },
    { name: "ssh", number: 22 },
  ]);
  assert.deepEqual(portsOf(undefined), []);
});
