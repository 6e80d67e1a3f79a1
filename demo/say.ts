import { styleText } from "node:util";

/** What happens now. */
export const say = (text: string): void => console.log(styleText("bold", `\n▸ ${text}`));

/** What is seen of it. */
export const tell = (text: string): void => console.log(styleText("dim", `  ${text}`));
