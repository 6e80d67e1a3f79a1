import { secretFileLimit } from "../model/sealed.ts";

/** What a value in `secrets/<name>.yaml` may hold once it is open. */
export const valueLimit = 1024 * 1024;
/** What a whole file `secrets/<path>.age`, or one that SOPS made, may hold. */
export const fileLimit = secretFileLimit;
/** How many may read one value. Each costs work whenever it is opened. */
export const recipientLimit = 256;
/** Room for that many hybrid recipients, which take 1.8 kB each. */
export const headerLimit = 512 * 1024;
/** What a file of identities, or of recipients, may hold. */
export const keyFileLimit = 1024 * 1024;
