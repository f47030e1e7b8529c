/** One file of the page as it is sent: whole, and compressed in both ways that browsers take. */
export interface Asset {
  /** Media type, with its charset. */
  readonly type: string;
  readonly plain: Uint8Array;
  readonly gzip: Uint8Array;
  readonly brotli: Uint8Array;
}

/** The page and everything that it loads. */
export interface Assets {
  readonly page: Asset;
  /** By the last part of its path, which holds a hash of its content: what is there never changes. */
  readonly files: ReadonlyMap<string, Asset>;
}
