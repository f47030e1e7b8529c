import { Counter, Gauge, type Registry } from 'prom-client';
import type { Logger } from 'pino';
import { BUDGET_STATUSES } from '../../schema/vocabulary.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerEvent } from '../ledger/ledger-event.ts';

const PARTS = ['limit', 'settled', 'reserved', 'lost', 'headroom'] as const;

/** Budgets of the policy that serves, in their current windows; looked at when somebody asks. */
export function registerBudgetGauges(registry: Registry, ledger: Ledger): void {
  const registers = [registry];
  const status = new Gauge({
    name: 'policyd_budget_status',
    help: '0 Normal, 1 SoftLimit, 2 HardLimit',
    labelNames: ['budget'],
    registers,
  });
  new Gauge({
    name: 'policyd_budget_usd',
    help: 'money of a budget in its current window, US dollars',
    labelNames: ['budget', 'part'],
    registers,
    async collect() {
      this.reset();
      status.reset();
      for (const view of await ledger.describe()) {
        for (const part of PARTS) this.set({ budget: view.name, part }, view[part] / 1e9);
        status.set({ budget: view.name }, BUDGET_STATUSES.indexOf(view.status));
      }
    },
  });
  new Gauge({
    name: 'policyd_open_reservations',
    help: 'calls that money is set aside for',
    registers,
    collect() {
      this.set(ledger.open);
    },
  });
}

/** Events that an operator is woken for, and those that a log is enough for. */
const LEVELS: Readonly<Record<LedgerEvent['event'], 'error' | 'warn' | 'info' | 'debug'>> = {
  drift: 'error',
  overcharged: 'error',
  overspent: 'warn',
  expired: 'warn',
  'store-lost': 'error',
  'store-back': 'warn',
  status: 'info',
  audited: 'debug',
  batch: 'debug',
};

/** Says what the ledger has to say, in log and metrics. */
export function reportLedger(log: Logger, registry: Registry): (event: LedgerEvent) => void {
  const events = new Counter({
    name: 'policyd_ledger_events_total',
    help: 'what the ledger reported: drift, overcharged and store-lost want a look',
    labelNames: ['event'],
    registers: [registry],
  });
  return (event) => {
    events.inc({ event: event.event });
    log[LEVELS[event.event]](event, 'ledger');
  };
}
