import { Project, ts } from 'ts-morph';

/** The one file that knows ts-morph: text in, facts about its syntax tree or JavaScript out. Imported lazily, it is slow to load. */

const FORBIDDEN: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.IfStatement, 'if'],
  [ts.SyntaxKind.ConditionalExpression, '?:'],
  [ts.SyntaxKind.SwitchStatement, 'switch'],
  [ts.SyntaxKind.ForStatement, 'for'],
  [ts.SyntaxKind.ForInStatement, 'for-in'],
  [ts.SyntaxKind.ForOfStatement, 'for-of'],
  [ts.SyntaxKind.WhileStatement, 'while'],
  [ts.SyntaxKind.DoStatement, 'do'],
  [ts.SyntaxKind.TryStatement, 'try'],
  [ts.SyntaxKind.ThrowStatement, 'throw'],
  [ts.SyntaxKind.LabeledStatement, 'label'],
  [ts.SyntaxKind.BreakStatement, 'break'],
  [ts.SyntaxKind.ContinueStatement, 'continue'],
  [ts.SyntaxKind.AmpersandAmpersandToken, '&&'],
  [ts.SyntaxKind.BarBarToken, '||'],
  [ts.SyntaxKind.QuestionQuestionToken, '??'],
  [ts.SyntaxKind.AmpersandAmpersandEqualsToken, '&&='],
  [ts.SyntaxKind.BarBarEqualsToken, '||='],
  [ts.SyntaxKind.QuestionQuestionEqualsToken, '??='],
  [ts.SyntaxKind.QuestionDotToken, '?.'],
  [ts.SyntaxKind.FunctionExpression, 'closure'],
  [ts.SyntaxKind.ArrowFunction, 'closure'],
  [ts.SyntaxKind.FunctionDeclaration, 'closure'],
  [ts.SyntaxKind.ClassDeclaration, 'class'],
  [ts.SyntaxKind.ClassExpression, 'class'],
  [ts.SyntaxKind.ObjectLiteralExpression, 'object'],
  [ts.SyntaxKind.ArrayLiteralExpression, 'array'],
  [ts.SyntaxKind.NewExpression, 'new'],
  [ts.SyntaxKind.TemplateExpression, 'template'],
  [ts.SyntaxKind.TaggedTemplateExpression, 'template'],
  [ts.SyntaxKind.RegularExpressionLiteral, 'regular expression'],
  [ts.SyntaxKind.SpreadElement, 'spread'],
  [ts.SyntaxKind.YieldExpression, 'yield'],
  [ts.SyntaxKind.AwaitExpression, 'await'],
]);
const CALLS: ReadonlySet<string> = new Set(['Math.clz32', 'Math.imul', 'Math.min', 'Math.max']);

export interface RouteFacts {
  readonly statements: number;
  /** Nodes that straight-line code may not have, each as `what at line`. */
  readonly branches: readonly string[];
}

/** Looks at the exported function declaration `route` of a page. */
export function inspectRoute(page: string): RouteFacts {
  const file = projectOf().createSourceFile('router.ts', page, { overwrite: true });
  const route = file.getFunction('route');
  if (!route) return { statements: 0, branches: ['no function declaration named route'] };
  const branches: string[] = [];
  const lineOf = (node: ts.Node): number => file.compilerNode.getLineAndCharacterOfPosition(node.getStart(file.compilerNode)).line + 1;
  const visit = (node: ts.Node): void => {
    const what = FORBIDDEN.get(node.kind);
    if (what !== undefined) branches.push(`${what} at line ${lineOf(node)}`);
    if (ts.isCallExpression(node) && !CALLS.has(node.expression.getText(file.compilerNode))) {
      branches.push(`call of ${node.expression.getText(file.compilerNode)} at line ${lineOf(node)}`);
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(route.compilerNode.body!, visit);
  return { statements: route.getStatements().length, branches };
}

/** JavaScript of TypeScript text: types and nothing else taken away. */
export function toJavaScript(text: string): string {
  return ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, newLine: ts.NewLineKind.LineFeed },
  }).outputText;
}

let project: Project | undefined;
const projectOf = (): Project => {
  project ??= new Project({ useInMemoryFileSystem: true, skipLoadingLibFiles: true, skipFileDependencyResolution: true });
  return project;
};
