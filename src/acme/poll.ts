import type { Clock } from "../lib/clock.ts";
import type { JsonObject } from "../lib/json.ts";
import type { Account } from "./account.ts";

/** Reads one resource of the authority until it is as wanted; ends with the signal at the latest. */
export type Poll = (url: string, isEnough: (json: JsonObject) => boolean) => Promise<JsonObject>;

const firstMs = 250;
const longestMs = 5000;

export const polling =
  (account: Account, clock: Clock, signal: AbortSignal): Poll =>
  async (url, isEnough) => {
    for (let pause = firstMs; ; pause = Math.min(pause * 2, longestMs)) {
      const { json, retryAfterMs } = await account.post(url);
      if (isEnough(json)) return json;
      await clock.sleep(Math.max(retryAfterMs ?? pause, firstMs), signal);
    }
  };
