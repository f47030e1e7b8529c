import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { RULES, type Rule } from '../../compiler/diagnostics/catalogue.ts';
import { writeRulePage } from './rule-page.ts';

// Writes `docs/rules/` anew from the catalogue and the corpus. A test fails where a page is not what this would write.
const folder = new URL('../../docs/rules/', import.meta.url);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const slug of Object.keys(RULES) as Rule[]) writeFileSync(new URL(`${slug}.md`, folder), writeRulePage(slug));
