import { RULES, type Rule, type RuleEntry } from '../../compiler/diagnostics/catalogue.ts';
import { understand } from '../../compiler/understand.ts';
import { readCorpus } from '../build/read-corpus.ts';
import { RULE_EXAMPLES } from './rule-examples.ts';

const corpus = readCorpus();

/** The two policies that a rule's page shows; null where it shows none. */
export function examplesOf(slug: Rule): { readonly wrong: string; readonly right: string } | null {
  const example = RULE_EXAMPLES[slug];
  if (example === undefined) return null;
  const [name, from, to] = example;
  const file = corpus.find((entry) => entry.kind === 'wrong' && entry.name === name);
  if (file === undefined || file.text.split(from).length !== 2)
    throw new Error(`${slug}: \`${from}\` does not stand once in corpus/wrong/${name}.yaml`);
  const wrong = file.text.replace(/^#.*\n#.*\n/, '');
  return { wrong, right: wrong.replace(from, () => to) };
}

/** `docs/rules/<slug>.md`: what the rule says, why it matters, a policy that breaks it with what is found, and one that does not. */
export function writeRulePage(slug: Rule): string {
  const { severity, title, why }: RuleEntry = RULES[slug];
  const examples = examplesOf(slug);
  const head = `# ${slug}\n\n${title[0]!.toUpperCase()}${title.slice(1)}. ${severity === 'error' ? 'An error: the policy is not compiled.' : 'A warning.'}\n\n${why}\n`;
  if (examples === null) return `${head}${foot(slug)}`;
  const [{ message, help, place }] = understand([{ file: 'policy.yaml', text: examples.wrong }]).diagnostics;
  const found = `${severity}: ${message} [${slug}]\n --> policy.yaml:${place.line}:${place.column}\n  = help: ${help}\n`;
  const right = examples.right === '' ? '' : `\nNothing is found in:\n\n\`\`\`yaml\n${examples.right}\`\`\`\n`;
  return `${head}\n## Example\n\n\`\`\`yaml\n${examples.wrong}\`\`\`\n\n\`\`\`text\n${found}\`\`\`\n${right}${foot(slug)}`;
}

const foot = (slug: Rule): string => `\nMore: [\`test/samples/${slug}\`](../../test/samples/${slug}).\n`;
