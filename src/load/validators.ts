import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { Json } from "../lib/json.ts";
import {
  readSchemas,
  textPathsOf,
  type DocumentKind,
  type Schemas,
  type TextPaths,
} from "./schemas.ts";

/** What a document of one kind is checked by. */
export interface Validator {
  readonly textPaths: TextPaths;
  /** What is wrong with plain data; nothing if it is right. */
  check(data: Json): readonly ErrorObject[];
}

export interface Validators {
  readonly schemas: Schemas;
  of(kind: DocumentKind): Validator;
}

/** Reads and compiles the schemas, each when it is first needed. */
export function createValidators(): Validators {
  const schemas = readSchemas();
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    verbose: true,
    allowUnionTypes: true,
    logger: false,
    // Each command compiles them anew: that they are sound a test says, and the code made of them need not be short.
    validateSchema: false,
    meta: false,
    code: { optimize: false },
  });
  ajv.addVocabulary(["x-slipway-text", "x-slipway-later-values"]);
  ajv.addKeyword({ keyword: "x-slipway-later", schemaType: "string", validate: () => false });
  for (const schema of schemas.all) ajv.addSchema(schema);
  const made = new Map<DocumentKind, Validator>();
  const compile = (kind: DocumentKind): Validator => {
    const validate: ValidateFunction | undefined = ajv.getSchema(schemas.refOf(kind));
    if (validate === undefined) throw new Error(`no schema for ${kind}`);
    return {
      textPaths: textPathsOf(schemas, kind),
      check: (data) => (validate(data) ? [] : (validate.errors ?? [])),
    };
  };
  return {
    schemas,
    of(kind) {
      const validator = made.get(kind) ?? compile(kind);
      made.set(kind, validator);
      return validator;
    },
  };
}
