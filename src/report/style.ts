import { styleText } from "node:util";

export type Tone = "good" | "bad" | "warn" | "dim" | "strong" | "add" | "change" | "remove";

/** Puts a tone on text, or leaves it plain. */
export type Paint = (tone: Tone, text: string) => string;

const formats: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  good: "green",
  bad: "red",
  warn: "yellow",
  dim: "dim",
  strong: "bold",
  add: "green",
  change: "yellow",
  remove: "red",
};

export const plainly: Paint = (_tone, text) => text;

/** Colour is for terminals: who calls knows whether there is one. */
export const painter = (colour: boolean): Paint =>
  colour ? (tone, text) => styleText(formats[tone], text, { validateStream: false }) : plainly;
