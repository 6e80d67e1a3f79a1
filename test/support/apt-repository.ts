import assert from "node:assert/strict";
import type { Fleet } from "../fleet/fleet.ts";

/** Packages with nothing but a file, `NAME VERSION` each, in a folder of the machine that is all that its apt knows. */
export async function makeAptRepository(
  machine: Pick<ReturnType<Fleet["machine"]>, "exec">,
  packages: readonly string[],
): Promise<void> {
  const made = await machine.exec(["sh", "-c", script, "sh", ...packages]);
  assert.equal(made.code, 0, made.stderr);
}

const script = `
set -eu
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /srv/apt
mkdir -p /srv/apt
for package; do
  name=\${package% *} version=\${package#* }
  mkdir -p /tmp/deb/DEBIAN /tmp/deb/usr/share/slipway-test
  printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: a <a@example.com>\\nDescription: a test\\n' "$name" "$version" >/tmp/deb/DEBIAN/control
  echo "$version" >"/tmp/deb/usr/share/slipway-test/$name"
  dpkg-deb -b /tmp/deb "/srv/apt/\${name}_$version.deb" >/dev/null
  rm -rf /tmp/deb
done
cd /srv/apt
for deb in *.deb; do
  dpkg-deb -f "$deb"
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$deb" "$(wc -c <"$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
done >Packages
echo 'deb [trusted=yes] file:/srv/apt ./' >/etc/apt/sources.list
`;
