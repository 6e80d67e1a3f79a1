import { readFile } from "node:fs/promises";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { Json } from "../../src/lib/json.ts";

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Json;
  }[];
  readonly request?: Json;
  readonly responses: Readonly<Record<string, { readonly schema?: Json; readonly example?: Json }>>;
}

interface Extract {
  readonly operations: readonly Operation[];
  readonly $defs: Readonly<Record<string, Json>>;
}

/** GitHub's published description, as far as it was extracted: says what a request or an answer does wrong. */
export class Description {
  readonly #extract: Extract;
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(extract: Extract) {
    this.#extract = extract;
    this.#ajv = new Ajv2020({
      strict: false,
      validateFormats: false,
      allErrors: false,
      coerceTypes: false,
    });
    this.#ajv.addSchema({ $id: "github", $defs: extract.$defs });
  }

  static async load(): Promise<Description> {
    const text = await readFile(new URL("github-openapi.json", import.meta.url), "utf8");
    return new Description(JSON.parse(text) as Extract);
  }

  find(
    method: string,
    pathname: string,
  ): { operation: Operation; path: Record<string, string> } | undefined {
    for (const operation of this.#extract.operations) {
      if (operation.method !== method) continue;
      const pattern = operation.path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)");
      const match = new RegExp(`^${pattern}$`).exec(pathname);
      if (match === null) continue;
      const entries = Object.entries(match.groups ?? {}).map(([name, text]) => [
        name,
        decodeURIComponent(text),
      ]);
      return { operation, path: Object.fromEntries(entries) as Record<string, string> };
    }
    return undefined;
  }

  wrongParameters(
    operation: Operation,
    path: Record<string, string> | object,
    query: object,
  ): string | undefined {
    const given: Record<string, Readonly<Record<string, unknown>>> = {
      path: { ...path },
      query: { ...query },
    };
    for (const parameter of operation.parameters) {
      const value = given[parameter.in]?.[parameter.name];
      if (value === undefined && parameter.required) return `missing ${parameter.name}`;
      if (value === undefined) continue;
      const typed = /"type":"integer"/.test(JSON.stringify(parameter.schema))
        ? Number(value)
        : value;
      const wrong = this.#wrong(`${operation.id} ${parameter.name}`, parameter.schema, typed);
      if (wrong !== undefined) return `${parameter.name} ${wrong}`;
    }
    const known = new Set(operation.parameters.filter((p) => p.in === "query").map((p) => p.name));
    const stray = Object.keys(query).find((name) => !known.has(name));
    return stray === undefined ? undefined : `unknown parameter ${stray}`;
  }

  /** GitHub ignores unknown members; a client of ours sends none. */
  wrongBody(operation: Operation, body: unknown): string | undefined {
    const schema = { ...(operation.request as object), additionalProperties: false };
    return this.#wrong(`${operation.id} request`, schema, body);
  }

  /** What an answer of the double does that the description does not allow. Errors that it leaves out are common to all. */
  violations(operation: Operation, status: number, body: unknown): readonly string[] {
    const described = operation.responses[String(status)];
    if (described === undefined && status < 400)
      return [`${operation.id}: ${status} is not described`];
    if (described?.schema === undefined) return [];
    const wrong = this.#wrong(`${operation.id} ${status}`, described.schema, body);
    return wrong === undefined ? [] : [`${operation.id} ${status}: ${wrong}`];
  }

  example(id: string, status: number): Json {
    const example = this.#extract.operations.find((o) => o.id === id)?.responses[String(status)]
      ?.example;
    if (example === undefined) throw new Error(`no example of ${id} ${status}`);
    return example;
  }

  #wrong(key: string, schema: unknown, value: unknown): string | undefined {
    let validate = this.#compiled.get(key);
    if (validate === undefined) {
      const text = JSON.stringify(schema).replaceAll('"#/$defs/', '"github#/$defs/');
      validate = this.#ajv.compile(JSON.parse(text) as object);
      this.#compiled.set(key, validate);
    }
    if (validate(value)) return undefined;
    const [error] = validate.errors ?? [];
    return `${error?.instancePath ?? ""} ${error?.message ?? "is invalid"}`.trim();
  }
}
