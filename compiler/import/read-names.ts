import type { Tree } from '../parse/tree.ts';
import type { Account } from './account.ts';
import { mapAt, switchAt, textAt, treeAt } from './tree-values.ts';

/** `model_group_alias`: other names of models. LiteLLM looks a name up there once. */
export function readAliases(root: Tree, models: ReadonlySet<string>, account: Account): Map<string, string> {
  const aliases = new Map<string, string>();
  const at = ['router_settings', 'model_group_alias'];
  for (const name of mapAt(root, ...at).keys()) {
    const path = [...at, name];
    const target = textAt(root, ...path) ?? textAt(root, ...path, 'model');
    if (!/^[^\s\u0000-\u001f\u007f]{1,256}$/.test(name)) {
      account.leftOut(path, 'a name with spaces or control characters, or of more than 256 characters', 'choose another name');
    } else if (target === null || !models.has(target)) {
      account.leftOut(path, 'another name of a model that is not carried over', 'once the model is there, write it under `aliases`');
    } else if (models.has(name)) {
      account.leftOut(
        path,
        'another name that is also the name of a model: LiteLLM served the one it stands for',
        'remove the model of that name and write it under `aliases`, or let the model serve',
      );
    } else {
      aliases.set(name, target);
      account.carried(path, '`aliases`');
      if (switchAt(root, ...path, 'hidden') === true) {
        account.changed([...path, 'hidden'], 'a hidden name is listed by `/v1/models` here', 'nothing to do, unless nobody may know of it');
      } else if (treeAt(root, ...path, 'hidden') !== undefined) account.carried([...path, 'hidden'], '`aliases`');
    }
  }
  return aliases;
}
