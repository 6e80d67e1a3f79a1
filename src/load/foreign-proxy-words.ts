import { nothing, words, type Foreign } from "./foreign-form.ts";

/** What other proxies call what is said of routes, and of the proxy itself. */
export const proxyWords: Readonly<Record<string, readonly Foreign[]>> = {
  "app.routes": [
    words(
      "hosts domain domains hostname hostnames name server_name",
      "host",
      "{ host: [example.com, www.example.com] }",
    ),
    words(
      "pathPrefix path_prefix prefix location uri",
      "path",
      "{ host: shop.example.com, path: /api }",
    ),
    words("ssl https certificate cert secretName", "tls", "{ host: shop.example.com, tls: auto }"),
    words(
      "redirectTo redirect_to to url",
      "redirect",
      "{ host: www.example.com, redirect: https://example.com }",
    ),
    words(
      "machines servers on entryPoints",
      "via",
      "{ host: shop.example.com, via: { role: edge } }",
    ),
    words(
      "targetPort app_port appPort containerPort",
      "port",
      "{ host: shop.example.com, port: http }, as port calls it",
    ),
    words(
      "stripPrefix strip_prefix strip_path_prefix rewrite",
      "stripPath",
      "{ host: shop.example.com, path: /api, stripPath: true }",
    ),
    words("compress compression", "gzip", "{ host: shop.example.com, gzip: true }"),
    words("session affinity cookie", "sticky", "{ host: shop.example.com, sticky: true }"),
    words(
      "bodyLimit max_request_body client_max_body_size",
      "maxBody",
      "{ host: shop.example.com, maxBody: 10m }",
    ),
    words(
      "response_timeout responseTimeout read_timeout",
      "timeout",
      "{ host: shop.example.com, timeout: 30s }",
    ),
    words(
      "rateLimit rate_limit limit",
      "rate",
      "{ host: shop.example.com, rate: { requests: 100, per: 1m } }",
    ),
    nothing("service backend backends upstream", "a route leads to the app in which it stands"),
    nothing(
      "headers middlewares middleware plugins",
      "requests and answers are not changed on the way",
    ),
  ],
  "slipway.proxy": [
    words("machines servers hosts on", "via", "proxy: { via: { role: edge } }"),
    words(
      "trusted trustedProxies trusted_proxies trustedIPs",
      "trust",
      "proxy: { trust: [10.0.0.0/8] }",
    ),
    words("tag version", "image", "proxy: { image: haproxy:lts }"),
    nothing("kind type", "it is HAProxy"),
  ],
  "slipway.certificates": [
    words(
      "server url ca caServer acme_ca",
      "directory",
      "certificates: { directory: https://acme.example.com/directory }",
    ),
    words("mail contact", "email", "certificates: { email: ops@example.com }"),
  ],
};
