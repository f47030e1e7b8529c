const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** An amount of Kubernetes: `500m`, `1.5Gi`, `1e3`. 0 where it is none. */
export function readQuantity(text: string | undefined): number {
  const [, digits, exponent, suffix] =
    /^([+-]?\d*\.?\d+|[+-]?\d+\.)(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(text?.trim() ?? '') ?? [];
  if (digits === undefined) return 0;
  return Number(digits) * (exponent !== undefined ? 10 ** Number(exponent) : FACTORS[suffix ?? '']);
}
