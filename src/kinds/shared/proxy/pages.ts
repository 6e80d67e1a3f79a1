/** What people see when there is no answer of an app: small pages that name no software. */

interface Page {
  readonly code: number;
  readonly title: string;
  readonly text: string;
}

/** Answers that HAProxy gives by itself. */
const errors: readonly Page[] = [
  { code: 400, title: "Bad request", text: "The request could not be understood." },
  { code: 408, title: "Request timeout", text: "The request took too long to arrive." },
  { code: 500, title: "Internal error", text: "Something went wrong here." },
  { code: 502, title: "Bad gateway", text: "The application gave no valid answer." },
  { code: 503, title: "Not available", text: "The application does not answer at the moment." },
  { code: 504, title: "Gateway timeout", text: "The application did not answer in time." },
];

/** Answers that our rules give, by name of their page. */
const answers = {
  maintenance: {
    code: 503,
    title: "Under maintenance",
    text: "We are working on it, and will be back soon.",
  },
  unknown: { code: 404, title: "Not found", text: "There is nothing at this address." },
  unsized: { code: 411, title: "Length required", text: "The request must say how large it is." },
  large: { code: 413, title: "Too large", text: "The request is larger than what is taken here." },
  often: { code: 429, title: "Too many requests", text: "Please try again a little later." },
} as const satisfies Readonly<Record<string, Page>>;

export type AnswerName = keyof typeof answers;

export const errorCodes: readonly number[] = errors.map(({ code }) => code);

export const errorPage = (code: number): string => `page-${code}.http`;
export const answerPage = (name: AnswerName): string => `page-${name}.html`;
export const answerCode = (name: AnswerName): number => answers[name].code;

export const pageType = "text/html; charset=utf-8";

/** File → text; the same for every proxy. */
export const renderPages = (): Readonly<Record<string, string>> =>
  Object.fromEntries([
    ...errors.map((page) => [errorPage(page.code), response(page)]),
    ...Object.entries(answers).map(([name, page]) => [`page-${name}.html`, html(page)]),
  ]);

function response(page: Page): string {
  const body = html(page);
  return [
    `HTTP/1.1 ${page.code} ${page.title}`,
    `Content-Type: ${pageType}`,
    "Cache-Control: no-store",
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}

const html = ({ code, title, text }: Page): string => `\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:20vh auto 0;max-width:30em;padding:0 1em;color:#333}h1{font-size:1.5em}</style>
<h1>${title}</h1>
<p>${text}</p>
<p><small>${code}</small></p>
</html>
`;
