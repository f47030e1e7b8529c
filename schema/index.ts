/** Every noun that compiler, runtime and generated routers share. */
export * from './decision.ts';
export * from './intent.ts';
export * from './manifest.ts';
export * from './policy-set.ts';
export * from './request.ts';
export * from './router.ts';
export * from './snapshot.ts';
export * from './vocabulary.ts';
