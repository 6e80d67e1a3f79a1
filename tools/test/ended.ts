import type { TestEvent } from "node:test/reporters";

/** A reporter: how a test file ended that failed beside its tests, of which the others only say that it failed. */
// A reporter is loaded by its path and found by this.
// oxlint-disable-next-line import/no-default-export
export default async function* (events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type !== "test:fail") continue;
    const { exitCode, signal } = data.details.error as { exitCode?: number; signal?: string };
    const how = typeof signal === "string" ? `by ${signal}` : `with exit code ${exitCode}`;
    if (exitCode !== undefined || typeof signal === "string") yield `✖ ${data.name} ended ${how}\n`;
  }
}
