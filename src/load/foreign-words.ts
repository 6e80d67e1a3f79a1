import { later, nothing, words, type Foreign } from "./foreign-form.ts";
import { proxyWords } from "./foreign-proxy-words.ts";

/**
 * Words of Compose, Kamal and Kubernetes, by the place where they would be written, with what Slipway has instead. By
 * place and not by tool: what several of them have means the same in all.
 * Places: `app` (a file, a service, perMachine, defaults.app), `machine`, `slipway`, and maps of these: `app.health`.
 */

const app: readonly Foreign[] = [
  words(
    "ports portMappings hostPort nodePort",
    "publish",
    'publish: ["8080:80"]; without a gap in a deploy it is reached by routes and listen instead',
  ),
  words(
    "environment environment_variables env_vars envVars vars",
    "env",
    "env: { LOG_LEVEL: info }",
  ),
  words(
    "env_file envFile envFrom",
    "env",
    "env: { LOG_LEVEL: info }, written out; what is secret is listed in secrets",
  ),
  words("depends_on dependsOn requires", "after", "after: [db]"),
  words(
    "healthcheck healthCheck health_check livenessProbe readinessProbe startupProbe",
    "health",
    "health: { http: /up }",
  ),
  words("replicas scale count", "instances", "instances: 2, on each machine"),
  words(
    "servers server hosts host nodes nodeSelector nodeName on placement_constraints",
    "machines",
    "machines: { role: web }",
  ),
  words(
    "mem_limit memory memoryLimit mem_reservation memswap_limit limits cpu cpus cpu_shares cpuset pids_limit",
    "resources",
    "resources: { memory: 512m, cpus: 1.5 }",
  ),
  words("expose containerPort app_port appPort targetPort", "port", "port: 8080"),
  words("restart_policy restartPolicy", "restart", "restart: unless-stopped"),
  words(
    "stop_grace_period stopGracePeriod stop_timeout terminationGracePeriodSeconds",
    "deploy.stopTimeout",
    "deploy: { stopTimeout: 30s }",
  ),
  words("canary", "deploy.canary", "deploy: { canary: 10% }"),
  words("drain drain_timeout drainTimeout", "deploy.drain", "deploy: { drain: 30s }"),
  words(
    "strategy updateStrategy rollout boot update_config",
    "deploy",
    "deploy: { strategy: start-first, batch: 2 }",
  ),
  words("logging log_opt", "logs", "logs: { maxSize: 20m, maxFiles: 5 }"),
  words("configs config configMap file", "files", "files: { /etc/shop/shop.toml: shop.toml }"),
  words(
    "volume mounts mount volumeMounts directories",
    "volumes",
    "volumes: { data: /var/lib/shop }",
  ),
  words("cmd args arguments", "command", 'command: ["serve"]'),
  words(
    "processes roles containers accessories sidecars",
    "services",
    "services: { web: { port: 3000 }, worker: { command: [work] } }",
  ),
  words(
    "hooks pre_deploy preDeploy initContainers init_containers migrate",
    "release",
    "release: { command: [migrate] }",
  ),
  words("network_mode networkMode hostNetwork net", "network", "network: host"),
  words("add_host hostAliases", "extraHosts", "extraHosts: { legacy: 10.0.0.5 }"),
  words("cwd workdir", "workingDir", "workingDir: /srv"),
  words("runAs runAsUser uid securityContext", "user", 'user: "1000:1000"'),
  words("tag digest", "image", "image: registry.example.com/shop:1.4.2"),
  words("pull_policy pullPolicy imagePullPolicy", "pull", "pull: always"),
  words("annotations label", "labels", "labels: { team: shop }"),
  words("dnsConfig dns_search dns_opt", "dns", "dns: [10.0.0.2]"),
  words(
    "deploy_timeout readiness_delay progressDeadlineSeconds",
    "health.deadline",
    "health: { http: /up, deadline: 60s }",
  ),
  words(
    "secret secretRef secretRefs secret_env secretEnv credentials",
    "secrets",
    "secrets: [DB_PASSWORD], encrypted in secrets/<app>.yaml",
  ),
  later("builder dockerfile context", "build", "; until then name an image that your CI pushed"),
  words(
    "domain domains hostnames route ingress traefik proxy ssl tls virtualHost",
    "routes",
    "routes: [{ host: shop.example.com }]",
  ),
  words(
    "cron schedule crons cronjobs",
    "jobs",
    'jobs: { report: { schedule: "0 3 * * *", command: [report] } }',
  ),
  nothing(
    "container_name containerName name service",
    "an app is called like its file, and its containers after it",
  ),
  nothing(
    "networks links external_links",
    "every app of the fleet reaches every other by its name",
  ),
  nothing(
    "version apiVersion kind metadata spec",
    "a file starts with what the app is, for example image: registry.example.com/shop:1.4.2",
  ),
  nothing(
    "registry imagePullSecrets registryCredentials",
    "logins of registries are the fleet's: registries in slipway.yaml",
  ),
  nothing(
    "tty stdin_open stdin",
    "nobody types into an app; to look around in one use slipway exec",
  ),
  nothing(
    "pid ipc uts userns_mode runtime platform cgroup_parent oom_score_adj oom_kill_disable gpus",
    "this cannot be set for a container",
  ),
  nothing("profiles extends include", "what apps share stands under defaults in slipway.yaml"),
];

export const foreignByPlace: Readonly<Record<string, readonly Foreign[]>> = {
  ...proxyWords,
  app,
  "app.env": [
    words(
      "valueFrom value_from secretKeyRef secretRef from_secret fromSecret",
      "secret",
      "{ secret: shop.DB_PASSWORD }",
    ),
    words("interpolate format", "template", '{ template: "postgres://shop:${DB_PASSWORD}@db" }'),
    nothing("value default", "a value that is no secret stands right after its name"),
  ],
  "app.health": [
    words("test cmd exec", "command", 'health: { command: ["pg_isready"] }'),
    words("path url uri httpGet", "http", "health: { http: /up }"),
    words("tcpSocket grpc", "tcp", "health: { tcp: true }"),
    words(
      "retries start_period startPeriod initialDelaySeconds failureThreshold max_attempts",
      "deadline",
      "health: { http: /up, deadline: 60s }",
    ),
    words("periodSeconds period", "interval", "health: { http: /up, interval: 1s }"),
    words("timeoutSeconds", "timeout", "health: { http: /up, timeout: 5s }"),
    words("disable disabled none off", "health: off", "health: off"),
  ],
  "app.deploy": [
    words("replicas scale", "instances", "instances: 2, beside deploy"),
    words("resources", "resources", "resources: { memory: 512m }, beside deploy"),
    words("restart_policy", "restart", "restart: unless-stopped, beside deploy"),
    words("placement mode", "machines", "machines: { role: web }, beside deploy"),
    words("parallelism limit maxSurge maxUnavailable maxParallel", "batch", "deploy: { batch: 2 }"),
    words("order type", "strategy", "deploy: { strategy: start-first }"),
    words(
      "failure_action failureAction rollback rollback_config",
      "onFailure",
      "deploy: { onFailure: revert }",
    ),
    words(
      "grace stop_grace_period timeout terminationGracePeriodSeconds",
      "stopTimeout",
      "deploy: { stopTimeout: 30s }",
    ),
  ],
  "app.resources": [
    words("limits requests", "memory", "resources: { memory: 512m, cpus: 1.5 }, without limits"),
    words("reservations", "memoryReservation", "resources: { memoryReservation: 256m }"),
    words("mem mem_limit ram", "memory", "resources: { memory: 512m }"),
    words("cpu", "cpus", "resources: { cpus: 1.5 }"),
    words("pids_limit processes", "pids", "resources: { pids: 500 }"),
  ],
  "app.logs": [
    words("max-size size options", "maxSize", "logs: { maxSize: 20m, maxFiles: 5 }"),
    words("max-file max_file maxFile files", "maxFiles", "logs: { maxSize: 20m, maxFiles: 5 }"),
    nothing("driver", "logs stay in files of the engine"),
  ],
  "app.files": [
    words("source src path content file", "from", '{ from: shop.toml, mode: "0400" }'),
    words("secretName secretKeyRef secretRef", "secret", "{ secret: shop.TLS_KEY }"),
    words("permissions permission chmod", "mode", '{ from: shop.toml, mode: "0400" }'),
    words("uid user chown", "owner", '{ from: shop.toml, owner: "1000:1000" }'),
  ],
  "app.volumes": [
    words(
      "target mountPath containerPath dst destination to",
      "path",
      "{ path: /media, readOnly: true }",
    ),
    words("ro", "readOnly", "{ path: /media, readOnly: true }"),
    words("external", "name", "{ path: /media, name: existing-volume }"),
  ],
  "slipway.registries": [
    words("username login", "user", "{ user: bot, password: registries.GHCR_TOKEN }"),
    words(
      "token secret auth passwordSecret",
      "password",
      "{ user: bot, password: registries.GHCR_TOKEN }",
    ),
    nothing(
      "server host url",
      "a login stands under the registry's host: registries: { ghcr.io: … }",
    ),
  ],
  "app.release": [words("timeout", "deadline", "release: { command: [migrate], deadline: 5m }")],
  machine: [
    words(
      "ip host hostname addr ansible_host public_ip publicIp",
      "address",
      "address: 203.0.113.10",
    ),
    words(
      "key fingerprint ssh_host_key sshHostKey known_hosts",
      "hostKey",
      "hostKey: ssh-ed25519 AAAA…",
    ),
    words(
      "private_ip privateIp internal_ip internalIp privateIpAddress",
      "privateAddress",
      "privateAddress: 10.0.0.11",
    ),
    words(
      "user port username remote_user ansible_user ansible_port",
      "ssh",
      "ssh: { user: deploy, port: 22 }",
    ),
    words("bastion jump proxy proxy_jump proxyJump", "ssh.jump", "ssh: { jump: bastion }"),
    words("tags tag role roles groups", "labels", "labels: { role: web }"),
    words(
      "docker docker_host dockerHost socket",
      "engine",
      "engine: { socket: /var/run/docker.sock }",
    ),
    nothing("name", "a machine is called like its file"),
    nothing(
      "password ssh_key sshKey identity identityFile private_key",
      "the key to log in with is given to the controller: --ssh-key",
    ),
  ],
  "machine.ssh": [
    words("username login remote_user", "user", "ssh: { user: deploy }"),
    words("bastion proxy proxy_jump proxyJump", "jump", "ssh: { jump: bastion }"),
    nothing(
      "key keys password identityFile",
      "the key to log in with is given to the controller: --ssh-key",
    ),
  ],
  slipway: [
    words(
      "tls ssl acme letsencrypt lets_encrypt certificatesResolvers",
      "certificates",
      "certificates: { email: ops@example.com }",
    ),
    words(
      "traefik caddy nginx haproxy ingress loadBalancer",
      "proxy",
      "proxy: { via: { role: edge } }",
    ),
    words("name project stack service", "fleet", "fleet: acme"),
    words(
      "git github gitlab repository repo",
      "forge",
      "forge: { kind: github, repository: acme/infra }",
    ),
    words("app machine", "defaults", "defaults: { app: { logs: { maxSize: 20m } } }"),
    words("ssh", "defaults.machine.ssh", "defaults: { machine: { ssh: { user: deploy } } }"),
    words(
      "registry registry_auth imagePullSecrets",
      "registries",
      "registries: { ghcr.io: { user: bot, password: registries.GHCR_TOKEN } }",
    ),
    nothing("secrets secret", "secrets stand encrypted in files: secrets/<app>.yaml"),
    nothing("apps services", "each app has a file of its own: apps/<name>.yaml"),
    nothing(
      "machines servers hosts nodes",
      "each machine has a file of its own: machines/<name>.yaml",
    ),
    nothing("environments", "environments are folders: environments/<name>/"),
  ],
};
