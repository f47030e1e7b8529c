let made = 0;

/**
 * A loop over `i < count` around an expression, as a function of its own: contestants that shared one loop would share its type
 * feedback, and each would pay for the shapes of the others. `names` are bound to `values` inside the expression.
 */
export function loop(expression: string, scope: Readonly<Record<string, unknown>>): (count: number) => number {
  const text = `'use strict';
/* loop ${made++}: equal texts share feedback */
return (count) => {
  let sum = 0;
  for (let i = 0; i < count; i++) sum = (sum + (${expression})) | 0;
  return sum;
};`;
  return new Function(...Object.keys(scope), text)(...Object.values(scope)) as (count: number) => number;
}
