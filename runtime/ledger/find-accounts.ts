import type { Store } from '../store/store.ts';
import type { AccountOrder } from './batch.ts';
import type { LedgerTables } from './tables.ts';

/** Numbers that are remembered; windows pass, and with them the use of their accounts. */
const REMEMBERED = 4_096;

/** The numbers of a batch's accounts, made where they are new. */
export async function findAccounts(store: Store, known: Map<string, number>, orders: readonly AccountOrder[]): Promise<readonly number[]> {
  const numbers: number[] = [];
  for (const order of orders) {
    const { budget, scope, span } = order;
    const key = `${budget}\n${scope}\n${span}`;
    let number = known.get(key);
    if (number === undefined) {
      number = await store.write<LedgerTables, number>(async (transaction) => {
        const row = { budget, scope, span, limit_nanos: order.limit };
        await transaction
          .insertInto('ledger_accounts')
          .values(row)
          .onConflict((conflict) => conflict.columns(['budget', 'scope', 'span']).doNothing())
          .execute();
        const found = transaction.selectFrom('ledger_accounts').select('id').where('budget', '=', budget).where('scope', '=', scope);
        return (await found.where('span', '=', span).executeTakeFirstOrThrow()).id;
      });
      if (known.size >= REMEMBERED) known.delete(known.keys().next().value!);
      known.set(key, number);
    }
    numbers.push(number);
  }
  return numbers;
}
