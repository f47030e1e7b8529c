import { BadRequest } from '../../intent/bad-request.ts';
import { KeyTable } from '../../intent/key-table.ts';
import { readBody } from '../read-body.ts';

const KEYS = new KeyTable(['model', 'name']);

/** The model that `POST /api/show` asks about; old clients say `name`. @throws BadRequest */
export function readShow(body: Buffer): string {
  const { model, name } = readBody(body, KEYS);
  const asked = model ?? name;
  if (typeof asked === 'string' && asked !== '') return asked;
  throw new BadRequest('`model` is missing; help: name a model', 'model', null);
}
