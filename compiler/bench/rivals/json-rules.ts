import type { Rival } from './rival.ts';
import { RULES } from './twenty-rules.ts';

/** One rule a rule, in order of priority; the first that succeeds stops the engine. */
export async function makeJsonRules(): Promise<readonly Rival[]> {
  const { Engine } = await import('json-rules-engine');
  const engine = new Engine();
  engine.addOperator('startsWith', (value: string, prefix: string) => value.startsWith(prefix));
  RULES.forEach(({ family, team }, row) => {
    const all = [
      { fact: 'model', operator: 'startsWith', value: family && `${family}-` },
      ...(team ? [{ fact: 'team', operator: 'equal', value: team }] : []),
    ];
    engine.addRule({ conditions: { all }, event: { type: String(row) }, priority: RULES.length - row, onSuccess: () => engine.stop() });
  });
  const rival: Rival = {
    name: 'json-rules-engine',
    gives: 'rule',
    async decide({ model, team }) {
      const { events } = await engine.run({ model, team });
      return Number(events[0]!.type);
    },
  };
  return [rival];
}
