/** What an option takes: nothing, or a value of this shape. */
type Value = RegExp | null;

/** A Spec-Kit command that may be run, with all that it may be told. */
export interface SpecCommand {
  /** `specify`, or a script of the project's own `.specify/scripts/bash`. */
  readonly program: 'specify' | 'script';
  /** What comes before the arguments. */
  readonly begin: readonly string[];
  /** Changes files: one of them at a time. */
  readonly changes: boolean;
  /** `needed`: it is about a feature that is there. `none`: about the whole folder. */
  readonly feature: 'needed' | 'none';
  readonly options: Readonly<Record<string, Value>>;
  /** Each argument without an option has this shape; null = there are none. */
  readonly words: RegExp | null;
  readonly mostWords: number;
  readonly leastWords: number;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** Text that is no option, and nothing that a terminal obeys. */
const TEXT = /^[^\p{C}\s-][^\p{C}]{0,1999}$/u;
const NOTHING = { words: null, mostWords: 0, leastWords: 0 } as const;

/**
 * The commands of Spec-Kit (github.com/github/spec-kit): its CLI, and the scripts that `specify init` puts into a project. None is run that
 * does not stand here, and none with an option that does not.
 */
export const COMMANDS: Readonly<Record<string, SpecCommand>> = {
  init: {
    program: 'specify',
    begin: ['init', '--here', '--force', '--script', 'sh'],
    changes: true,
    feature: 'none',
    options: { '--ai': NAME, '--integration': NAME, '--ignore-agent-tools': null, '--no-git': null },
    ...NOTHING,
  },
  check: { program: 'specify', begin: ['check'], changes: false, feature: 'none', options: {}, ...NOTHING },
  version: { program: 'specify', begin: ['version'], changes: false, feature: 'none', options: {}, ...NOTHING },
  'create-new-feature': {
    program: 'script',
    begin: [],
    changes: true,
    feature: 'none',
    options: { '--json': null, '--short-name': /^[A-Za-z0-9][A-Za-z0-9 _-]{0,63}$/, '--number': /^\d{1,6}$/ },
    words: TEXT,
    mostWords: 1,
    leastWords: 1,
  },
  'setup-plan': { program: 'script', begin: [], changes: true, feature: 'needed', options: { '--json': null }, ...NOTHING },
  'setup-tasks': { program: 'script', begin: [], changes: true, feature: 'needed', options: { '--json': null }, ...NOTHING },
  'check-prerequisites': {
    program: 'script',
    begin: [],
    changes: false,
    feature: 'needed',
    options: { '--json': null, '--require-tasks': null, '--include-tasks': null, '--paths-only': null },
    ...NOTHING,
  },
  'update-agent-context': {
    program: 'script',
    begin: [],
    changes: true,
    feature: 'needed',
    options: {},
    words: NAME,
    mostWords: 1,
    leastWords: 0,
  },
};
