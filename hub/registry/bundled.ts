// Servers that come with Gatehouse: `"command": "gatehouse:files"` means servers/files on the pinned Node.
const PREFIX = 'gatehouse:'

/** Their names, which are their folders under servers/. */
export const bundledServers: readonly string[] = [
  'aws',
  'data',
  'deployments',
  'files',
  'github',
  'knowledge',
  'kubernetes',
  'monitoring',
  'payments',
  'postgres',
]

/** `files` of `gatehouse:files`; null for any other command. */
export function bundledName(command: string | undefined): string | null {
  return command?.startsWith(PREFIX) ? command.slice(PREFIX.length) : null
}
