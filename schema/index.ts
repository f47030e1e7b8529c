/** Every noun that compiler, runtime and generated routers share. */
export * from './decision.ts';
export * from './decision-line.ts';
export * from './intent.ts';
export * from './invariant.ts';
export * from './manifest.ts';
export * from './policy-set.ts';
export * from './price.ts';
export * from './request.ts';
export * from './router.ts';
export * from './signature.ts';
export * from './snapshot.ts';
export * from './usage.ts';
export * from './vocabulary.ts';
export * from './workload.ts';
