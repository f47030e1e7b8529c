import { type FieldError, OrchestratorError } from '../orchestrator-error.ts';
import { COMMANDS, type SpecCommand } from './commands.ts';

/** What somebody wants to be run. */
export interface SpecOrder {
  readonly command: string;
  readonly args: readonly string[];
  readonly feature: string | null;
}

/**
 * The command of an order whose every argument may be given to it.
 *
 * @throws OrchestratorError 422 with every field that is wrong.
 */
export function checkCommand({ command, args, feature }: SpecOrder): SpecCommand {
  const known = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (known === undefined) {
    throw refuse([{ path: 'command', message: `there is no command \`${command}\`, expected one of ${Object.keys(COMMANDS).join(', ')}` }]);
  }
  const mistakes = [...checkArgs(command, known, args)];
  if (known.feature === 'needed' && feature === null) mistakes.push({ path: 'feature', message: `\`${command}\` needs a \`feature\`` });
  if (known.feature === 'none' && feature !== null) {
    mistakes.push({ path: 'feature', message: `\`${command}\` is about the whole folder and takes no \`feature\`` });
  }
  if (mistakes.length > 0) throw refuse(mistakes);
  return known;
}

function* checkArgs(command: string, known: SpecCommand, args: readonly string[]): Generator<FieldError> {
  const seen = new Set<string>();
  let words = 0;
  for (let row = 0; row < args.length; row++) {
    const path = `args.${row}`;
    const arg = args[row];
    if (!arg.startsWith('-')) {
      words++;
      if (known.words === null || words > known.mostWords) yield { path, message: `\`${command}\` takes no argument \`${arg}\`` };
      else if (!known.words.test(arg))
        yield { path, message: `\`${arg}\` is no argument of \`${command}\`: it must be ${known.words.source}` };
      continue;
    }
    const value = Object.hasOwn(known.options, arg) ? known.options[arg] : undefined;
    if (value === undefined) {
      const options = Object.keys(known.options);
      yield {
        path,
        message: `\`${command}\` has no option \`${arg}\`, ${options.length === 0 ? 'and no other' : `only ${options.join(', ')}`}`,
      };
      continue;
    }
    if (seen.has(arg)) yield { path, message: `\`${arg}\` is given twice` };
    seen.add(arg);
    if (value === null) continue;
    const given = args[++row];
    if (given === undefined) yield { path, message: `\`${arg}\` needs a value` };
    else if (!value.test(given))
      yield { path: `args.${row}`, message: `\`${given}\` is no value of \`${arg}\`: it must be ${value.source}` };
  }
  if (words < known.leastWords) yield { path: 'args', message: `\`${command}\` needs ${known.leastWords} argument without an option` };
}

function refuse(fields: FieldError[]): OrchestratorError {
  const message = `${fields.map((field) => field.message).join('; ')} [bad-value] help: GET /openapi.json describes the request`;
  return new OrchestratorError(422, 'bad_value', message, { fields });
}
