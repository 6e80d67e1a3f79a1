import { mapLimit } from "../lib/parallel.ts";
import type { Content, PutStep, RunStep } from "../model/step.ts";
import { isDiskFull, StepFailure } from "./failure.ts";
import type { StepContext } from "./steps.ts";

/** Puts a file, or with entries a folder. */
export async function put(context: StepContext, step: PutStep): Promise<void> {
  const owner = step.owner === undefined ? {} : { owner: step.owner };
  if (step.content !== undefined) {
    const content = await bytesOf(context, step.content);
    const inPlace = step.inPlace === undefined ? {} : { inPlace: step.inPlace };
    await context.session.put({ path: step.path, content, mode: step.mode, ...owner, ...inPlace });
    return;
  }
  await putFolder(context, step, owner);
}

const filesAtOnce = 4;

/** Complete or not at all: written beside its place, then renamed. */
async function putFolder(
  context: StepContext,
  step: PutStep,
  owner: { owner?: string },
): Promise<void> {
  const partial = `${step.path}.partial`;
  await run(context, { do: "run", argv: ["rm", "-rf", "--", partial], timeoutMs: 60_000 });
  await run(context, { do: "run", argv: ["mkdir", "-p", "--", partial], timeoutMs: 10_000 });
  const folders = new Set<string>();
  await mapLimit(step.entries ?? [], filesAtOnce, async (entry) => {
    const parts = entry.path.split("/").slice(0, -1);
    parts.forEach((_, i) => folders.add(`${partial}/${parts.slice(0, i + 1).join("/")}`));
    const content = await bytesOf(context, entry.content);
    await context.session.put({
      path: `${partial}/${entry.path}`,
      content,
      mode: entry.mode,
      ...owner,
    });
  });
  const all = [partial, ...folders];
  await run(context, { do: "run", argv: ["chmod", step.mode, "--", ...all], timeoutMs: 10_000 });
  if (step.owner !== undefined) {
    await run(context, { do: "run", argv: ["chown", step.owner, "--", ...all], timeoutMs: 10_000 });
  }
  await run(context, { do: "run", argv: ["rm", "-rf", "--", step.path], timeoutMs: 60_000 });
  await run(context, {
    do: "run",
    argv: ["mv", "-T", "--", partial, step.path],
    timeoutMs: 10_000,
  });
}

async function bytesOf(context: StepContext, content: Content): Promise<Uint8Array> {
  if ("text" in content) return Buffer.from(content.text, "utf8");
  return "sealed" in content ? context.reveal(content.sealed) : await context.content(content.blob);
}

/** Any exit code but those accepted is the machine's trouble. */
export async function run(context: StepContext, step: RunStep): Promise<void> {
  const { argv, timeoutMs } = step;
  const stdin = step.stdin === undefined ? {} : { stdin: step.stdin };
  const result = await context.session.exec({ argv, timeoutMs, maxBytes: 1_000_000, ...stdin });
  if (result.code === 0 || (step.accept ?? []).includes(result.code)) return;
  const said = context.redact(result.stderr.toString("utf8").trim()).slice(0, 500);
  throw new StepFailure(
    "machine",
    `${argv[0]} ended with ${result.code}${said === "" ? "" : `: ${said}`}`,
    {
      trouble: isDiskFull(said) ? "disk" : "engine",
    },
  );
}
