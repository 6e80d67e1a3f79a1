import { Unreadable } from "../model/live.ts";
import {
  queryKey,
  type Answer,
  type Answers,
  type AnswerValue,
  type EngineQuery,
  type Query,
} from "../model/query.ts";

type JsonValue = Extract<AnswerValue, { form: "json" }>;

/** The answers of one machine, for kinds to read. A command that failed has not answered. */
export function answersOf(answers: ReadonlyMap<string, Answer>): Answers {
  const valueOf = (query: Query): AnswerValue | undefined => {
    const answer = answers.get(queryKey(query));
    if (answer?.state === "absent") return undefined;
    if (answer?.state === "answered") return answer.value;
    throw new Unreadable(answer?.why ?? "it was not asked");
  };
  const textOf = (query: Exclude<Query, EngineQuery>): string | undefined => {
    const value = valueOf(query);
    if (value === undefined) return undefined;
    if (value.form !== "text") throw new Unreadable("the answer is no text");
    if (query.ask === "run" && value.code !== 0)
      throw new Unreadable(`${query.argv[0]} ended with ${value.code}`);
    return value.text;
  };
  const jsonOf = (query: EngineQuery): JsonValue => {
    const value = valueOf(query);
    if (value?.form !== "json") throw new Unreadable(`the engine does not know ${query.path}`);
    return value;
  };
  return {
    text: textOf,
    names: (query) =>
      textOf(query)
        ?.split("\0")
        .filter((name) => name !== ""),
    json: (query) => jsonOf(query).json,
    each: (query) => {
      const { each } = jsonOf(query);
      if (each === undefined)
        throw new Unreadable(`the elements of ${query.path} were not asked for`);
      return each;
    },
  };
}
