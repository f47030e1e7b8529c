import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const TASKS = `# Tasks: login

- [ ] T001 Create project structure
- [x] T002 [P] Configure linting
  - [ ] T003 [P] [US1] Contract test in tests/test_login.py
- [ ] T010 [US2] Café ünïcode
`;

/** A folder as \`specify init\` and the commands after it leave it, with scripts of a test in the place of Spec-Kit's. */
export class SpecFolder {
  readonly home = mkdtempSync(join(tmpdir(), 'spec-kit-'));
  readonly root = join(this.home, 'work');
  /** A folder for the PATH. */
  readonly bin = join(this.home, 'bin');

  constructor() {
    this.write('specs/001-login/tasks.md', TASKS);
    mkdirSync(this.bin);
  }

  get tasks(): string {
    return join(this.root, 'specs/001-login/tasks.md');
  }

  write(path: string, text: string | Buffer): string {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  script(name: string, text: string): void {
    chmodSync(this.write(`.specify/scripts/bash/${name}.sh`, `#!/usr/bin/env bash\n${text}\n`), 0o755);
  }

  specify(text: string): void {
    writeFileSync(join(this.bin, 'specify'), `#!/usr/bin/env bash\n${text}\n`, { mode: 0o755 });
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
