import packageFile from '../package.json' with { type: 'json' };

/** Version of the compiler: that of its package. */
export const VERSION: string = packageFile.version;
