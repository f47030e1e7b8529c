import uPlot from 'uplot/dist/uPlot.esm.js';
import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';
import { useScheme } from './use-scheme.ts';

/** Colours of the page, by the names of its custom properties. */
export type Ink = (name: 'good' | 'busy' | 'bad' | 'accent' | 'muted' | 'line' | 'wash') => string;

export interface ChartProps {
  /** What the drawing says, in words. */
  readonly label: string;
  readonly height: number;
  readonly data: uPlot.AlignedData;
  /** Makes options anew when `version` or the colours change. */
  readonly options: (ink: Ink) => Omit<uPlot.Options, 'width' | 'height'>;
  readonly version?: unknown;
}

/** A drawing as wide as its place. It is a picture for who sees it: beside it must stand the same as text or as a table. */
export function Chart({ label, height, data, options, version }: ChartProps): VNode {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useScheme();
  useEffect(() => {
    const element = place.current!;
    const style = getComputedStyle(element);
    const ink: Ink = (name) => style.getPropertyValue(`--ink-${name}`).trim();
    const made = new uPlot({ ...options(ink), width: element.clientWidth, height }, data, element);
    plot.current = made;
    const watcher = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height });
    });
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [scheme, version, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return html`<div class="chart" role="img" aria-label=${label} ref=${place}></div>` as VNode;
}
