import type { AppOutcome, RevisionOutcome } from "../model/outcome.ts";

type Redact = (text: string) => string;

/** What is told of a pass, put through the last net: machines and apps said part of it. */
export const redactedOutcome = (outcome: RevisionOutcome, redact: Redact): RevisionOutcome => ({
  ...outcome,
  subject: redact(outcome.subject),
  text: redact(outcome.text),
  apps: outcome.apps.map((app) => redactedApp(app, redact)),
  held: outcome.held.map((held) => ({ ...held, text: redact(held.text) })),
  troubles: outcome.troubles.map((trouble) => ({ ...trouble, text: redact(trouble.text) })),
  ...(outcome.findings === undefined ? {} : { findings: outcome.findings.map(redact) }),
});

const redactedApp = (app: AppOutcome, redact: Redact): AppOutcome => ({
  ...app,
  text: redact(app.text),
  ...(app.evidence === undefined
    ? {}
    : {
        evidence: app.evidence.map((seen) => ({
          ...seen,
          ...(seen.probe === undefined ? {} : { probe: redact(seen.probe) }),
          ...(seen.logTail === undefined ? {} : { logTail: seen.logTail.map(redact) }),
        })),
      }),
  ...(app.probes === undefined
    ? {}
    : { probes: app.probes.map((seen) => ({ ...seen, probe: redact(seen.probe) })) }),
});
