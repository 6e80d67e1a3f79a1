import type { EngineEvent } from "../observe/watch.ts";

const rememberedEvents = 20;
const saidEvents = 4;

/** What engines told, until a look has seen it. */
export interface Hearing {
  hear(event: EngineEvent): void;
  /** Something was heard that no look has seen. */
  isNews(): boolean;
  /** A look begins: it sees what was heard before it, mostly a pass's own work. */
  look(): void;
  /** What was heard since the last pass ended, in words by machine; nothing the second time in a pass. */
  causes(): readonly string[];
  passEnded(): void;
}

export function createHearing(): Hearing {
  let heard: EngineEvent[] = [];
  let seen = 0;
  let isSaid = false;
  return {
    hear: (event) => {
      if (heard.length < rememberedEvents) heard.push(event);
      // The newest is always kept: it is what a look has not seen.
      else heard = [...heard.slice(0, -1), event];
      seen = Math.min(seen, heard.length - 1);
    },
    isNews: () => heard.length > seen,
    look: () => {
      seen = heard.length;
    },
    causes: () => {
      if (isSaid) return [];
      isSaid = true;
      const machines = [...new Set(heard.map((e) => e.machine))];
      return machines.map((machine) => {
        const own = heard.filter((e) => e.machine === machine).map((e) => `${e.action} ${e.name}`);
        return `${machine}: heard ${[...new Set(own)].slice(0, saidEvents).join(", ")}`;
      });
    },
    passEnded: () => {
      heard = heard.slice(seen);
      seen = 0;
      isSaid = false;
    },
  };
}
