import type { KubeObject } from './kube-store.ts';

/** Does an object answer to both selectors of a list? Equality and inequality only: `a=b`, `a==b`, `a!=b`. */
export function selects(object: KubeObject, labels: string | null, fields: string | null): boolean {
  return (
    holds(labels, (key) => object.metadata.labels?.[key]) &&
    holds(fields, (path) => path.split('.').reduce((value: KubeObject, key) => value?.[key], object) ?? '')
  );
}

function holds(selector: string | null, read: (key: string) => string | undefined): boolean {
  if (selector === null || selector === '') return true;
  return selector.split(',').every((term) => {
    const [, key, operator, value] = /^([^!=]+)(!=|==?)(.*)$/.exec(term)!;
    return (read(key) === value) === (operator !== '!=');
  });
}
