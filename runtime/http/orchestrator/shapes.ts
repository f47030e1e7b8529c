import Type, { type TObject, type TSchema } from 'typebox';
import { ErrorShape } from '../shapes.ts';

export const TAGS = ['orchestrator'];

/** An error with what is wrong beside it: `fields` of a 422, `reasons` of a 409. */
export const OrchestratorErrorShape = Type.Object({
  ...ErrorShape.properties,
  fields: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  reasons: Type.Optional(Type.Array(Type.Object({ code: Type.String() }, { additionalProperties: true }))),
});

/** The answers of a route: the good one by its status, and the errors that it has beside those of every route. */
export function answers(good: Readonly<Record<number, TSchema>>, ...errors: number[]): Record<string, TSchema> {
  const all: Record<string, TSchema> = {};
  for (const [status, shape] of Object.entries(good)) all[status] = shape;
  for (const status of [401, 403, ...errors]) all[status] = OrchestratorErrorShape as TObject;
  return all;
}
