/** What the bench lets agents do: say when they began, and wait. */
async function general({ payload }: { payload: { ms?: number } | null }): Promise<unknown> {
  const began = performance.timeOrigin + performance.now();
  const ms = payload?.ms ?? 0;
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  return { began };
}

export const handlers = { general };
