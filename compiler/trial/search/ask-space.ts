import type { PolicySet } from '../../../schema/policy-set.ts';
import { CAPABILITIES, type Capability, ENDPOINTS } from '../../../schema/vocabulary.ts';
import { type Coordinates, coordinatesOf } from '../../prove/coordinates.ts';
import type { Ask } from './ask.ts';
import { textsFor } from './texts-for.ts';

/** Requests by number: simple ones first where the numbers are small. */
export interface AskSpace {
  readonly size: number;
  at(index: number): Ask;
}

/**
 * Every request that one of these policies can tell from another. `decided`: all names, callers, endpoints, categories and classes (by
 * the caller's word), capabilities and tier enforcement. `analyzed`: for one name, every text and number of tools, since how a request
 * comes to its category and class does not depend on the rest.
 */
export function askSpaces(sets: readonly PolicySet[]): { readonly decided: AskSpace; readonly analyzed: AskSpace; readonly id: string } {
  const all = sets.map(coordinatesOf);
  const union = <Key extends keyof Coordinates>(key: Key): Coordinates[Key][number][] => [...new Set(all.flatMap((at) => [...at[key]]))];
  const needs = [...new Set(union('required').flatMap((required) => [required]))].map(namesOf);
  const ENDPOINT = ENDPOINTS.filter((endpoint) => endpoint === 'chat' || sets.some((set) => serves(set, 'embeddings')));
  // A class narrows virtual models and the scope of budgets; of other names it changes nothing.
  const narrows = (model: string): boolean =>
    sets.some(({ names, models, budgets }) => {
      const named = names.find(({ name }) => name === model);
      return named !== undefined && (models[named.model].virtual || budgets.some(({ scope }) => scope.class !== null));
    });
  // The caller without a key is the last row, and the simplest to write.
  const callers = union('callers').sort((a, b) => b - a);
  const names = union('names');
  const asked = union('classes').flatMap((taskClass) =>
    names.filter((model) => taskClass === null || narrows(model)).map((model) => ({ model, class: taskClass })),
  );
  const product = spaceOver([asked, union('categories'), union('flexible'), needs, ENDPOINT, callers] as const);
  const texts = [...new Set(sets.flatMap(textsFor))];
  const tools = [...new Set([...union('tools')])];
  const [name] = names.slice(-1);
  const written = spaceOver([texts, tools, ENDPOINT, callers.slice(0, 1)] as const);
  return {
    // Equal for equal spaces; texts are not counted, they decide nothing.
    id: JSON.stringify([asked, union('categories'), union('flexible'), needs, ENDPOINT, callers]),
    decided: {
      size: product.size,
      at(index) {
        const [{ model, class: taskClass }, category, flexible, required, endpoint, caller] = product.at(index);
        // Only chats need more than their endpoint; a tool that is needed is a tool that is declared.
        const able = endpoint === 'chat' ? required : [];
        const count = able.includes('tools') ? 1 : 0;
        return { model, category, flexible, required: able, class: taskClass, endpoint, caller, text: '', tools: count };
      },
    },
    analyzed: {
      size: written.size,
      at(index) {
        const [text, count, endpoint, caller] = written.at(index);
        const number = endpoint === 'chat' ? count : 0;
        const required: Capability[] = number > 0 ? ['tools'] : [];
        return { model: name, category: null, flexible: false, required, class: null, endpoint, caller, text, tools: number };
      },
    },
  };
}

const serves = (set: PolicySet, capability: Capability): boolean =>
  set.targets.some(({ capabilities }) => (capabilities & (1 << CAPABILITIES.indexOf(capability))) !== 0);

const namesOf = (required: number): Capability[] => CAPABILITIES.filter((_, bit) => (required & (1 << bit)) !== 0);

/** All combinations of values, the first list changing fastest. */
function spaceOver<Lists extends readonly (readonly unknown[])[]>(
  lists: Lists,
): { readonly size: number; at(index: number): { [I in keyof Lists]: Lists[I] extends readonly (infer Value)[] ? Value : never } } {
  return {
    size: lists.reduce((product, list) => product * list.length, 1),
    at(index) {
      let rest = index;
      return lists.map((list) => {
        const value = list[rest % list.length];
        rest = Math.floor(rest / list.length);
        return value;
      }) as never;
    },
  };
}
