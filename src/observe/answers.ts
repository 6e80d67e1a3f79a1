import { Unreadable } from "../model/live.ts";
import {
  queryKey,
  type Answer,
  type Answers,
  type AnswerValue,
  type Query,
} from "../model/query.ts";

/** The answers of one machine, for kinds to read. */
export function answersOf(answers: ReadonlyMap<string, Answer>): Answers {
  const value = (query: Query): AnswerValue | undefined => {
    const answer = answers.get(queryKey(query));
    if (answer?.state === "absent") return undefined;
    if (answer?.state === "answered") return answer.value;
    throw new Unreadable(answer?.why ?? "not asked");
  };
  const textOf = (query: Query): string | undefined => {
    const found = value(query);
    if (found === undefined) return undefined;
    if (found.form !== "text") throw new Unreadable("not a text");
    return found.text;
  };
  return {
    text: textOf,
    names: (query) =>
      textOf(query)
        ?.split("\n")
        .filter((name) => name !== ""),
    json: (query) => {
      const found = value(query);
      if (found?.form !== "json") throw new Unreadable(`the engine does not know ${query.path}`);
      return found.json;
    },
    each: (query) => {
      const found = value(query);
      if (found?.form !== "json" || found.each === undefined)
        throw new Unreadable(`the engine does not know ${query.path}`);
      return found.each;
    },
  };
}
