import { useEffect, useState } from 'preact/hooks';

/** `dark` or `light`, as the reader's system wants it: what is drawn on a canvas does not follow a style sheet by itself. */
export function useScheme(): 'dark' | 'light' {
  const [query] = useState(() => matchMedia('(prefers-color-scheme: dark)'));
  const [isDark, setDark] = useState(query.matches);
  useEffect(() => {
    const hear = (): void => setDark(query.matches);
    query.addEventListener('change', hear);
    return () => query.removeEventListener('change', hear);
  }, [query]);
  return isDark ? 'dark' : 'light';
}
