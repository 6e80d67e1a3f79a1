/** What image texts mean, by `imageKey`: `name@sha256:…`, or an image id. Texts that nobody could name are left out. */
export type ImageReferences = ReadonlyMap<string, string>;

/** The same text may mean different digests to two apps: each keeps the one that it was first deployed by. */
export const imageKey = (app: string, text: string): string => `${app} ${text}`;
