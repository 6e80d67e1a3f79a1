import { existsSync } from "node:fs";
import type { FleetMachine } from "../fleet/fleet.ts";
import type { Contender } from "./contender.ts";
import { say } from "./row.ts";

/**
 * How people do it by hand, as scripts of sh on the machine. In all of them $image is the new one, $new and $old are slots
 * (a and b, taken in turn), and $ip is where the new container answers.
 */
export interface Way {
  readonly what: string;
  /** Of the host, whose programs the machines have; without it the way is left out. */
  readonly program?: { readonly path: string; readonly package: string };
  /** The port at which the app is had. */
  readonly port: number;
  /** Has the version in slot a served. */
  readonly start: string;
  readonly switch: string;
  readonly end: string;
}

const dir = "/run/switch";

const runNew = `docker run -d --name "shop-$new" "$image" >/dev/null
ip=$(docker inspect -f '{{.NetworkSettings.IPAddress}}' "shop-$new")
until curl -fsS -o /dev/null "http://$ip:8080/up" 2>/dev/null; do sleep 0.1; done
`;

/** A second for what is under way, as nothing here tells when it has ended. */
const endOld = `sleep 1
docker stop -t 10 "shop-$old" >/dev/null
docker rm "shop-$old" >/dev/null
`;

const replace = `docker run -d --name shop -p 8081:8080 "$image" >/dev/null
until curl -fsS -o /dev/null http://127.0.0.1:8081/up 2>/dev/null; do sleep 0.1; done
`;

const nginxConfig = `worker_processes auto;
pid ${dir}/nginx.pid;
error_log ${dir}/nginx.log;
events { worker_connections 1024; }
http {
  access_log off;
  include ${dir}/upstream.conf;
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  server {
    listen 8082;
    location / {
      proxy_pass http://shop;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }
  }
}
`;

const upstream = `echo "upstream shop { server $ip:8080; keepalive 32; }" >${dir}/upstream.conf`;

const caddyConfig = JSON.stringify({
  admin: { listen: "127.0.0.1:2019" },
  apps: {
    http: {
      servers: {
        shop: {
          listen: [":8083"],
          automatic_https: { disable: true },
          routes: [{ handle: [{ handler: "reverse_proxy", upstreams: [{ dial: "IP:8080" }] }] }],
        },
      },
    },
  },
});

const caddyPath = "config/apps/http/servers/shop/routes/0/handle/0/upstreams";

const haproxyConfig = `global
  stats socket ipv4@127.0.0.1:9999 level admin
  pidfile ${dir}/haproxy.pid
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
listen shop
  bind :8084
  server a IP:8080
  server b 0.0.0.0:1 disabled
`;

const intoFile = (name: string, text: string): string => `mkdir -p ${dir}
cat >${dir}/${name} <<'END'
${text}
END
`;

export const ways: readonly Way[] = [
  {
    what: "docker stop, docker run",
    port: 8081,
    start: replace,
    switch: `docker stop -t 10 shop >/dev/null
docker rm shop >/dev/null
${replace}sleep 1`,
    end: "docker rm -f shop >/dev/null",
  },
  {
    what: "nginx -s reload",
    program: { path: "/usr/sbin/nginx", package: "nginx-light" },
    port: 8082,
    start: `${runNew}${intoFile("nginx.conf", nginxConfig)}${upstream}
nginx -c ${dir}/nginx.conf`,
    switch: `${runNew}${upstream}
nginx -c ${dir}/nginx.conf -s reload
${endOld}`,
    end: `nginx -c ${dir}/nginx.conf -s stop`,
  },
  {
    what: "Caddy, admin API",
    program: { path: "/usr/bin/caddy", package: "caddy" },
    port: 8083,
    start: `${runNew}${intoFile("caddy.json", caddyConfig)}sed -i "s/IP/$ip/" ${dir}/caddy.json
caddy start --config ${dir}/caddy.json >/dev/null 2>&1 </dev/null`,
    switch: `${runNew}curl -fsS -X PATCH -H 'Content-Type: application/json' \\
  -d "[{\\"dial\\":\\"$ip:8080\\"}]" http://127.0.0.1:2019/${caddyPath}
${endOld}`,
    end: "caddy stop >/dev/null 2>&1",
  },
  {
    what: "HAProxy, runtime API by hand",
    program: { path: "/usr/sbin/haproxy", package: "haproxy" },
    port: 8084,
    start: `${runNew}${intoFile("haproxy.cfg", haproxyConfig)}sed -i "s/IP/$ip/" ${dir}/haproxy.cfg
haproxy -W -D -f ${dir}/haproxy.cfg`,
    switch: `${runNew}for line in "addr $ip port 8080" "state ready"; do
  echo "set server shop/$new $line" | busybox nc 127.0.0.1 9999 >/dev/null
done
echo "set server shop/$old state maint" | busybox nc 127.0.0.1 9999 >/dev/null
${endOld}`,
    end: `kill "$(cat ${dir}/haproxy.pid)"`,
  },
];

export const byScripts = (way: Way): Contender => ({
  what: way.what,
  open: async ({ machine, images }) => {
    const { what, program, port } = way;
    if (program !== undefined && !existsSync(program.path)) {
      say(`  ${what}: not measured: ${program.path} is missing (package ${program.package})`);
      return undefined;
    }
    await sh(machine, way.start, { image: images["1"] ?? "", new: "a" });
    let [serving, free] = ["a", "b"];
    return {
      target: { url: `http://${machine.address}:${port}` },
      switchTo: async (tag) => {
        await sh(machine, way.switch, { image: images[tag] ?? "", new: free, old: serving });
        [serving, free] = [free, serving];
      },
      close: async () => {
        await sh(machine, `${way.end}; docker rm -f shop-a shop-b >/dev/null 2>&1 || true`, {});
      },
    };
  },
});

async function sh(
  machine: FleetMachine,
  script: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const set = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  const { code, stderr } = await machine.exec(["sh", "-c", `set -e\n${set.join("")}${script}`], {
    timeoutMs: 60_000,
  });
  if (code !== 0) throw new Error(`a switch by hand ended with ${code}: ${stderr.slice(-500)}`);
}
