import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ipVersion,
  isLoopback,
  isPrivateAddress,
  isUnspecified,
  privateAddressOf,
} from "../../src/lib/ip.ts";

test("addresses are told apart", () => {
  assert.equal(ipVersion("10.0.0.1"), 4);
  assert.equal(ipVersion("fd00::1"), 6);
  for (const text of ["", "10.0.0", "10.0.0.256", "web-1", ":::"])
    assert.equal(ipVersion(text), undefined, text);
});

test("private ranges", () => {
  const inside = [
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.1",
    "fd12::1",
  ];
  const outside = [
    "11.0.0.1",
    "172.32.0.1",
    "192.169.0.1",
    "100.128.0.1",
    "203.0.113.10",
    "2001:db8::1",
    "web-1",
    "127.0.0.1",
  ];
  for (const address of inside) assert.equal(isPrivateAddress(address), true, address);
  for (const address of outside) assert.equal(isPrivateAddress(address), false, address);
  assert.equal(isLoopback("127.3.2.1"), true);
  assert.equal(isUnspecified("0.0.0.0"), true);
  for (const address of ["::1", "0:0:0:0:0:0:0:1", "0000::0001"])
    assert.equal(isLoopback(address), true, address);
  for (const address of ["10.0.0.1", "::2", "::", "1::1", "128.0.0.1"])
    assert.equal(isLoopback(address), false, address);
  for (const address of ["::", "0:0:0:0:0:0:0:0"])
    assert.equal(isUnspecified(address), true, address);
  for (const address of ["::1", "0.0.0.1", "", "0"])
    assert.equal(isUnspecified(address), false, address);
});

test("a private address is the declared one, else a private `address`", () => {
  assert.equal(
    privateAddressOf({ address: "203.0.113.10", privateAddress: "10.0.0.1" }),
    "10.0.0.1",
  );
  assert.equal(privateAddressOf({ address: "10.0.0.2" }), "10.0.0.2");
  assert.equal(privateAddressOf({ address: "203.0.113.10" }), undefined);
  assert.equal(privateAddressOf({ address: "web-1.example.com" }), undefined);
});
