/** Where an MCP server is: a program, spoken to over its standard streams, or an URL, over streamable HTTP. */
export type McpAddress =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string | null;
    }
  | { readonly kind: 'http'; readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** One server of the file that `--mcp-servers` names. */
export interface McpServerConfig {
  readonly name: string;
  readonly address: McpAddress;
  /** A tool whose results join a search. `results`: the member of its answer that lists them; null = each of its texts is one. */
  readonly search: { readonly tool: string; readonly argument: string; readonly results: string | null } | null;
  /** Documents for the context plane; `team`: whose they are, null = nobody's in particular. */
  readonly resources: { readonly namespace: string; readonly team: string | null } | null;
  /** A tool that is told of events; `{{name}}` in its arguments is a member of the event. */
  readonly notify: { readonly tool: string; readonly arguments: unknown } | null;
  /** It is under the operator's control, and may get what is restricted. */
  readonly isInside: boolean;
  /** Longest wait for an answer, in ms. */
  readonly timeout: number;
}
