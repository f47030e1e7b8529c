import type { Rival } from './rival.ts';
import { RULES } from './twenty-rules.ts';

const MODEL = `
[request_definition]
r = model, team
[policy_definition]
p = family, team, rule
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = keyMatch(r.model, p.family) && (p.team == "*" || r.team == p.team)
`;

/** One policy line a rule; the first that allows ends the search. Without promises, and with logging off. */
export async function makeCasbin(): Promise<readonly Rival[]> {
  const { newEnforcer, newModelFromString } = await import('casbin');
  const enforcer = await newEnforcer(newModelFromString(MODEL));
  enforcer.enableLog(false);
  for (const [row, { family, team }] of RULES.entries()) await enforcer.addPolicy(family ? `${family}-*` : '*', team ?? '*', String(row));
  return [{ name: 'casbin', gives: 'rule', decide: ({ model, team }) => Number(enforcer.enforceExSync(model, team)[1][2]) }];
}
