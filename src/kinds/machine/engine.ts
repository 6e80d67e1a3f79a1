import type { Field } from "../../model/change.ts";
import type { ReadQuery } from "../../model/query.ts";
import type { Step } from "../../model/step.ts";
import type { Kind } from "../kind.ts";
import { forgetBefore, saveBefore } from "../shared/before.ts";
import { difference } from "../shared/difference.ts";
import {
  engineBefore,
  engineKind,
  lackQueries,
  readThere,
  type EngineBefore,
  type EngineThere,
} from "../shared/engine-there.ts";
import { optional } from "../shared/optional.ts";
import {
  daemonFile,
  daemonText,
  formerDaemonFile,
  liveRestore,
  parseDaemon,
  wantedDaemon,
} from "./engine/daemon.ts";
import { installSteps } from "./engine/install.ts";
import { reloadWith } from "./engine/reload.ts";

/** That a machine has a container engine. */
export interface EngineSpec {
  /** Where there is none. */
  readonly install: boolean;
  /** Containers outlive the engine: also one that was there before. */
  readonly liveRestore: boolean;
  /** Who logs in, if not as root. */
  readonly user?: string;
}

export interface EngineState {
  readonly there: EngineThere;
  /** The text of daemon.json. */
  readonly daemon?: string;
  /** The engine was not told of it: a change of it was cut. */
  readonly isUntold?: true;
  readonly before?: EngineBefore;
}

const daemonQuery: ReadQuery = { ask: "read", path: daemonFile, maxBytes: 65_536 };
const formerQuery: ReadQuery = { ...daemonQuery, path: formerDaemonFile };

export const engine: Kind<EngineSpec, EngineState> = {
  id: engineKind,
  summary: "The container engine: installed where there is none.",
  declaredIn: ["/machines/engine"],
  name: () => "",
  key: () => "",
  observe: (about) => [...lackQueries(about), daemonQuery, formerQuery],
  read: (answers, about) =>
    new Map([
      [
        "",
        {
          there: readThere(answers, about),
          ...optional("daemon", answers.text(daemonQuery)),
          ...(answers.text(formerQuery) === undefined ? {} : { isUntold: true as const }),
          ...optional("before", engineBefore(answers, about)),
        },
      ],
    ]),
  owner: ({ before }) => (before === undefined ? undefined : { name: "" }),
  clash: (want, have) =>
    have !== undefined && needsDaemon(want, have) && parseDaemon(have.daemon) === undefined
      ? { text: `${daemonFile} is no JSON object`, needs: "one that the engine can read" }
      : undefined,
  diff: (want, have) => {
    if (want === undefined) return have?.before === undefined ? undefined : leaving(have.before);
    if (have === undefined) return undefined;
    if (isToInstall(want, have))
      return have.there === "none" && have.before === undefined
        ? difference("create", "missing", "there is no container engine: docker.io is installed", [
            { path: "engine", declared: "docker.io" },
          ])
        : difference("update", "unfinished", "its container engine is not ready: installed again");
    const fields = needsDaemon(want, have) ? fieldsOf(have) : [];
    return fields.length === 0
      ? undefined
      : difference(
          "update",
          "changed",
          `${daemonFile} does not keep containers up without the engine`,
          fields,
        );
  },
  apply: ({ want, have }, { root }) => {
    if (want === undefined) return leavingSteps(have?.before, root);
    if (have === undefined) return [];
    const isNew = isToInstall(want, have);
    const taken: readonly Step[] =
      have.before === undefined
        ? [
            saveBefore(root, {
              kind: engineKind,
              key: "",
              former: { installed: isNew, daemon: have.daemon ?? null },
            }),
          ]
        : [];
    const text = daemonText(wantedDaemon(parseDaemon(have.daemon) ?? {}, isNew));
    if (!isNew) return [...taken, reloadWith(text)];
    return [...taken, ...(text === have.daemon ? [] : putDaemon(text)), ...installSteps(want.user)];
  },
  redact: (state) => state,
};

/** One of ours that is not ready was cut while it was installed, or taken away. */
const isToInstall = (want: EngineSpec, { there, before }: EngineState): boolean =>
  want.install && (there === "none" || (there === "unclear" && before?.installed === true));

/** One that was there before is left alone, unless somebody says so. */
const needsDaemon = (want: EngineSpec, have: EngineState): boolean =>
  isToInstall(want, have) ||
  (have.there === "there" && (have.before?.installed === true || want.liveRestore));

function fieldsOf({ daemon, isUntold }: EngineState): readonly Field[] {
  const live = liveRestore(parseDaemon(daemon) ?? {});
  if (live === true)
    return isUntold === true ? [{ path: "told", declared: true, live: false }] : [];
  return [{ path: "live-restore", declared: true, ...optional("live", live) }];
}

const putDaemon = (text: string): readonly Step[] => [
  { do: "run", argv: ["mkdir", "-p", "-m", "0755", "--", "/etc/docker"], timeoutMs: 10_000 },
  { do: "put", path: daemonFile, content: { text }, mode: "0644" },
];

const leaving = ({ installed }: EngineBefore) =>
  difference(
    "delete",
    "undeclared",
    installed
      ? "the machine is no longer declared: its container engine stays, with images and volumes"
      : `live-restore is no longer declared: the former ${daemonFile} comes back`,
  );

/** A key that is no longer there the engine goes on with: it has to be told first. */
function leavingSteps(before: EngineBefore | undefined, root: string): readonly Step[] {
  const former = before?.daemon ?? null;
  const own = parseDaemon(former ?? undefined) ?? {};
  const isSaid = liveRestore(own) !== undefined;
  return [
    ...(isSaid ? [] : [reloadWith(daemonText({ ...own, "live-restore": false }), false)]),
    reloadWith(former),
    forgetBefore(root, engineKind, ""),
  ];
}
