import { isObject, type Json } from "./json.ts";

/**
 * The published schemas let every key be null, which unsets it in a layer below. Once layers are merged no null is left:
 * the same schema without them, for what is then checked and typed.
 */
export function withoutNull(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(withoutNull);
  if (!isObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === "type" && Array.isArray(value))
        return [key, oneOrMany(value.filter((type) => type !== "null"))];
      if (key === "enum" && Array.isArray(value))
        return [key, value.filter((member) => member !== null)];
      return [key, withoutNull(value)];
    }),
  );
}

const oneOrMany = (types: readonly Json[]): Json => (types.length === 1 ? (types[0] ?? []) : types);
