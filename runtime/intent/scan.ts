import { isUtf8 } from 'node:buffer';
import { BadRequest } from './bad-request.ts';
import { type Field, type Fields, KIND } from './fields.ts';
import type { KeyTable } from './key-table.ts';
import { endOfScalar, startsWith } from './scalar-end.ts';
import { endOfString, sawLetterEscape, viewBytes } from './string-end.ts';
import { unexpected, unreadable } from './unreadable.ts';

/**
 * Nested containers in a body, the body itself included. JSON Schemas of real tools nest about 20 deep; parsers behind us
 * recurse, so that the bound protects them too.
 */
export const MAX_DEPTH = 64;

/** Members of the body, or of an object in it that is read: real requests have dozens, and each costs more than its bytes. */
export const MAX_MEMBERS = 10_000;

export interface Scan<Name extends string> {
  readonly fields: Fields<Name>;
  /** Offset just behind the opening brace: where a new member can be put. */
  readonly open: number;
  /** Offset just behind the closing brace. */
  readonly end: number;
  /** The object has no member. */
  readonly empty: boolean;
}

export interface BodyScan<Name extends string> extends Scan<Name> {
  /**
   * Some nested string may read `image_url` or `input_image`. False only where none does, however it is spelled.
   */
  readonly mayNameImage: boolean;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
/** In ASCII both closing brackets stand two behind their opening ones. */
const TO_CLOSE = 2;

const IS_SPACE = new Uint8Array(256);
for (const byte of [0x20, 0x09, 0x0a, 0x0d]) IS_SPACE[byte] = 1;

/** Kind of a value by its first byte; 0 where no value begins so. */
const KIND_OF = new Uint8Array(256);
for (const byte of Buffer.from('-0123456789')) KIND_OF[byte] = KIND.NUMBER;
for (const byte of Buffer.from('tfn')) KIND_OF[byte] = KIND.LITERAL;
KIND_OF[QUOTE] = KIND.STRING;
KIND_OF[OPEN_BRACE] = KIND.OBJECT;
KIND_OF[OPEN_BRACKET] = KIND.ARRAY;

const IMAGE_NAMES = [Buffer.from('image_url'), Buffer.from('input_image')];

// State of the one scan that is running: scanning is synchronous, and these would otherwise be a result object per value.
const containers = new Uint8Array(MAX_DEPTH + 1);
let namesImage = false;
let items = 0;
let itemKinds = 0;
let objects: readonly number[] = [];
const NO_OBJECTS: readonly number[] = Object.freeze([]);

/**
 * Reads a whole body: one JSON object in UTF-8, without a byte order mark. Everything is checked against RFC 8259, so that
 * whatever passes here is read in the same way by every JSON parser, except for duplicate keys, which are refused where
 * `keys` has them. Throws `BadRequest`.
 */
export function scanBody<Name extends string>(buffer: Buffer, keys: KeyTable<Name>): BodyScan<Name> {
  if (!isUtf8(buffer)) throw unreadable('it is not UTF-8');
  namesImage = false;
  viewBytes(buffer, false);
  const from = afterSpace(buffer, 0);
  if (buffer[from] !== OPEN_BRACE) {
    if (from === buffer.length) throw unreadable('it is empty');
    if (buffer[from] === 0xef) throw unreadable('it must begin with `{`, without a byte order mark');
    throw unreadable('it must be a JSON object');
  }
  const { members, open, end } = walkMembers(buffer, from);
  const rest = afterSpace(buffer, end);
  if (rest !== buffer.length) throw unexpected(buffer, rest, 'the end of the body');
  return {
    fields: findFields(buffer, members, keys),
    open,
    end,
    empty: members.length === 0,
    mayNameImage: namesImage || sawLetterEscape(),
  };
}

/** Fields of a nested object of a checked body; throws `BadRequest` for a key of `keys` that occurs twice. */
export function scanObject<Name extends string>(buffer: Buffer, from: number, keys: KeyTable<Name>): Scan<Name> {
  const { members, open, end } = scanMembers(buffer, from);
  return { fields: findFields(buffer, members, keys), open, end, empty: members.length === 0 };
}

function findFields<Name extends string>(buffer: Buffer, members: readonly Field[], keys: KeyTable<Name>): Fields<Name> {
  const fields: { [name in Name]?: Field } = {};
  for (const member of members) {
    const name = keys.find(buffer, member.keyStart, member.keyEnd);
    if (name === undefined) continue;
    if (fields[name] !== undefined)
      throw new BadRequest(`Duplicate parameter: '${name}' is given more than once.`, name, 'duplicate_parameter');
    fields[name] = member;
  }
  return fields;
}

/** The fields of a nested object as `JSON.parse` would see them: of equal keys the last one counts. */
export function pickFields<Name extends string>(buffer: Buffer, from: number, keys: KeyTable<Name>): Fields<Name> {
  const fields: { [name in Name]?: Field } = {};
  for (const member of scanMembers(buffer, from).members) {
    const name = keys.find(buffer, member.keyStart, member.keyEnd);
    if (name !== undefined) fields[name] = member;
  }
  return fields;
}

export interface Members {
  readonly members: readonly Field[];
  /** As in `Scan`. */
  readonly open: number;
  readonly end: number;
}

/** All members of an object of a checked body, in order, equal keys included. */
export function scanMembers(buffer: Buffer, from: number): Members {
  viewBytes(buffer, true);
  return walkMembers(buffer, from);
}

function walkMembers(buffer: Buffer, from: number): Members {
  const members: Field[] = [];
  const open = from + 1;
  let at = afterSpace(buffer, open);
  if (buffer[at] === OPEN_BRACE + TO_CLOSE) return { members, open, end: at + 1 };
  for (;;) {
    const keyStart = at;
    if (buffer[at] !== QUOTE) throw unexpected(buffer, at, 'a key in double quotes');
    const keyEnd = endOfString(buffer, at + 1) + 1;
    const start = afterColon(buffer, keyEnd);
    const end = endOfValue(buffer, start);
    if (members.length === MAX_MEMBERS) throw unreadable(`an object has more than ${MAX_MEMBERS} members`);
    members.push({ keyStart, keyEnd, start, end, kind: KIND_OF[buffer[start]], items, itemKinds, objects });
    at = afterSpace(buffer, end);
    if (buffer[at] === OPEN_BRACE + TO_CLOSE) return { members, open, end: at + 1 };
    if (buffer[at] !== COMMA) throw unexpected(buffer, at, '`,` or `}`');
    at = afterSpace(buffer, at + 1);
  }
}

/** The elements of an array of a checked body; as members they have empty keys. */
export function scanElements(buffer: Buffer, array: Field): Field[] {
  viewBytes(buffer, true);
  const elements: Field[] = [];
  if (array.items === 0) return elements;
  for (let at = array.start; at < array.end - 1; ) {
    const start = afterSpace(buffer, at + 1);
    const end = endOfValue(buffer, start);
    elements.push({ keyStart: start, keyEnd: start, start, end, kind: KIND_OF[buffer[start]], items, itemKinds, objects });
    at = afterSpace(buffer, end);
  }
  return elements;
}

function afterSpace(buffer: Buffer, from: number): number {
  let at = from;
  while (at < buffer.length && IS_SPACE[buffer[at]] === 1) at++;
  return at;
}

function afterColon(buffer: Buffer, from: number): number {
  const at = afterSpace(buffer, from);
  if (buffer[at] !== COLON) throw unexpected(buffer, at, '`:`');
  return afterSpace(buffer, at + 1);
}

function endOfValue(buffer: Buffer, at: number): number {
  const first = buffer[at];
  items = 0;
  itemKinds = 0;
  objects = NO_OBJECTS;
  if (first === QUOTE) return endOfString(buffer, at + 1) + 1;
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfContainer(buffer, at);
  return endOfScalar(buffer, at);
}

/** Walks a nested container without recursion; leaves the number and the kinds of its direct values in `items` and `itemKinds`. */
function endOfContainer(buffer: Buffer, from: number): number {
  let at = from;
  let depth = 0;
  let count = 0;
  let kinds = 0;
  let starts: number[] | null = null;
  for (;;) {
    const first = buffer[at];
    if (depth === 1) {
      count++;
      kinds |= KIND_OF[first];
      if (first === OPEN_BRACE) (starts ??= []).push(at);
    }
    if (first === QUOTE) {
      const close = endOfString(buffer, at + 1);
      noteName(buffer, at + 1, close);
      at = close + 1;
    } else if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      // The body's own braces are one level.
      if (++depth === MAX_DEPTH) throw unreadable(`it nests deeper than ${MAX_DEPTH} levels at byte ${at}`);
      containers[depth] = first;
      at = afterSpace(buffer, at + 1);
      if (buffer[at] !== first + TO_CLOSE) {
        if (first === OPEN_BRACE) at = afterKey(buffer, at);
        continue;
      }
      depth--;
      at++;
    } else at = endOfScalar(buffer, at);
    for (;;) {
      if (depth === 0) {
        items = count;
        itemKinds = kinds;
        objects = starts ?? NO_OBJECTS;
        return at;
      }
      at = afterSpace(buffer, at);
      const container = containers[depth];
      if (buffer[at] === COMMA) {
        at = afterSpace(buffer, at + 1);
        if (container === OPEN_BRACE) at = afterKey(buffer, at);
        break;
      }
      if (buffer[at] !== container + TO_CLOSE) throw unexpected(buffer, at, container === OPEN_BRACE ? '`,` or `}`' : '`,` or `]`');
      depth--;
      at++;
    }
  }
}

function afterKey(buffer: Buffer, at: number): number {
  if (buffer[at] !== QUOTE) throw unexpected(buffer, at, 'a key in double quotes');
  const close = endOfString(buffer, at + 1);
  noteName(buffer, at + 1, close);
  return afterColon(buffer, close + 1);
}

/** Part types and keys that name an image have 9 or 11 bytes; every other string costs one comparison here. */
function noteName(buffer: Buffer, start: number, end: number): void {
  const size = end - start;
  if (size !== 9 && size !== 11) return;
  for (const name of IMAGE_NAMES) if (size === name.length && startsWith(buffer, start, name)) namesImage = true;
}
