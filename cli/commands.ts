// The whole table of commands, in the order the help shows them. Each is loaded only when it is used: the bridge starts fast.
import type { Command } from './command.ts'

/** `name`: the command's words. */
export interface Listed {
  name: string
  summary: string
  load(): Promise<Command>
}

export const COMMANDS: readonly Listed[] = [
  {
    name: 'serve',
    summary: 'run the hub in the foreground',
    load: async () => (await import('./commands/serve.ts')).serve,
  },
  {
    name: 'connect',
    summary: 'the stdio bridge that AI clients start',
    load: async () => (await import('./commands/connect.ts')).connect,
  },
  {
    name: 'status',
    summary: 'is a hub running, since when, who is connected',
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'stop',
    summary: 'stop the hub in order',
    load: async () => (await import('./commands/stop.ts')).stop,
  },
  {
    name: 'open',
    summary: 'pair a window: open it in the browser, or print the link',
    load: async () => (await import('./commands/open.ts')).open,
  },
  {
    name: 'servers list',
    summary: 'the servers, their states and tools (also without a hub)',
    load: async () => (await import('./commands/servers.ts')).serversList,
  },
  {
    name: 'servers add',
    summary: 'define a server',
    load: async () => (await import('./commands/servers-add.ts')).serversAdd,
  },
  {
    name: 'servers import',
    summary: 'add what an `mcpServers` block names (FILE may be - for stdin)',
    load: async () => (await import('./commands/servers.ts')).serversImport,
  },
  {
    name: 'servers catalog',
    summary: 'the servers that come with Gatehouse, what they need and can be told',
    load: async () => (await import('./commands/servers-catalog.ts')).serversCatalog,
  },
  {
    name: 'servers remove',
    summary: 'stop a server and forget it',
    load: async () => (await import('./commands/servers.ts')).serversRemove,
  },
  {
    name: 'servers start',
    summary: 'start a server that was agreed to',
    load: async () => (await import('./commands/servers.ts')).serversStart,
  },
  {
    name: 'servers stop',
    summary: 'stop a server and all its processes',
    load: async () => (await import('./commands/servers.ts')).serversStop,
  },
  {
    name: 'servers restart',
    summary: 'stop it and start it again',
    load: async () => (await import('./commands/servers.ts')).serversRestart,
  },
  {
    name: 'servers logs',
    summary: 'its log: stderr, and junk on stdout',
    load: async () => (await import('./commands/servers-logs.ts')).serversLogs,
  },
  {
    name: 'servers diff',
    summary: 'what it changed since it was agreed to: tools held back, another package',
    load: async () => (await import('./commands/servers-diff.ts')).serversDiff,
  },
  {
    name: 'servers check',
    summary: 'passages in what it says of its tools that may be meant for the model',
    load: async () => (await import('./commands/servers-check.ts')).serversCheck,
  },
  {
    name: 'tools',
    summary: 'the tools of one server, or of all',
    load: async () => (await import('./commands/tools.ts')).tools,
  },
  {
    name: 'call',
    summary: 'call a tool; prints the result as the server sent it, secrets removed',
    load: async () => (await import('./commands/call.ts')).call,
  },
  {
    name: 'approvals list',
    summary: 'what waits for a person (answer it in the window)',
    load: async () => (await import('./commands/approvals.ts')).approvalsList,
  },
  {
    name: 'policy list',
    summary: 'the rules in force',
    load: async () => (await import('./commands/policy.ts')).policyList,
  },
  {
    name: 'policy explain',
    summary: 'what would happen to a call, and why',
    load: async () => (await import('./commands/policy.ts')).policyExplain,
  },
  {
    name: 'policy add',
    summary: 'a new rule; one that allows waits for you in the window',
    load: async () => (await import('./commands/policy-change.ts')).policyAdd,
  },
  {
    name: 'policy remove',
    summary: 'take a rule away',
    load: async () => (await import('./commands/policy-change.ts')).policyRemove,
  },
  {
    name: 'policy preset',
    summary: 'what holds where no rule speaks',
    load: async () => (await import('./commands/policy-change.ts')).policyPreset,
  },
  {
    name: 'policy read-only',
    summary: 'stop everything that writes, or no longer',
    load: async () => (await import('./commands/policy-change.ts')).policyReadOnly,
  },
  {
    name: 'policy protect',
    summary: 'name a value that makes a call graver',
    load: async () => (await import('./commands/policy-change.ts')).policyProtect,
  },
  {
    name: 'policy folder',
    summary: 'name a folder that work may happen in',
    load: async () => (await import('./commands/policy-change.ts')).policyFolder,
  },
  {
    name: 'policy limit',
    summary: 'how often a tool may be called in a minute',
    load: async () => (await import('./commands/policy-change.ts')).policyLimit,
  },
  {
    name: 'clients list',
    summary: 'the AI clients found here (also without a hub)',
    load: async () => (await import('./commands/clients.ts')).clientsList,
  },
  {
    name: 'clients preview',
    summary: 'what would be written, as a diff (also without a hub)',
    load: async () => (await import('./commands/clients.ts')).clientsPreview,
  },
  {
    name: 'clients connect',
    summary: 'write our entry into its config',
    load: async () => (await import('./commands/clients.ts')).clientsConnect,
  },
  {
    name: 'clients disconnect',
    summary: 'take our entry out again',
    load: async () => (await import('./commands/clients.ts')).clientsDisconnect,
  },
  {
    name: 'clients undo',
    summary: 'give it the file back as it was before our last writing',
    load: async () => (await import('./commands/clients.ts')).clientsUndo,
  },
  {
    name: 'clients replace-token',
    summary: 'a new token in its entry; the old one opens nothing any more',
    load: async () => (await import('./commands/clients.ts')).clientsReplaceToken,
  },
  {
    name: 'clients history',
    summary: 'what happened to our entry in its file, newest first',
    load: async () => (await import('./commands/clients-guard.ts')).clientsHistory,
  },
  {
    name: 'clients keep',
    summary: 'put our entry back by itself when the client drops it, or no longer',
    load: async () => (await import('./commands/clients-guard.ts')).clientsKeep,
  },
  {
    name: 'clients answer',
    summary: 'put a lost entry back, or leave it out',
    load: async () => (await import('./commands/clients-guard.ts')).clientsAnswer,
  },
  {
    name: 'clients servers',
    summary: 'the servers in its own file, and where keys stand in them',
    load: async () => (await import('./commands/clients-move.ts')).clientsServers,
  },
  {
    name: 'clients take',
    summary: 'move its servers into Gatehouse, their keys into the vault',
    load: async () => (await import('./commands/clients-move.ts')).clientsTake,
  },
  {
    name: 'clients give-back',
    summary: 'what giving such servers back would write (it is done in the window)',
    load: async () => (await import('./commands/clients-move.ts')).clientsGiveBack,
  },
  {
    name: 'clients profile',
    summary: 'what it is shown and what that costs; hide servers and tools from it',
    load: async () => (await import('./commands/clients-profile.ts')).clientsProfile,
  },
  {
    name: 'clients direct',
    summary: 'what writing servers into its file past the gate would do, or take them back',
    load: async () => (await import('./commands/clients-direct.ts')).clientsDirect,
  },
  {
    name: 'clients add',
    summary: 'an entry to paste for a client Gatehouse does not know',
    load: async () => (await import('./commands/clients.ts')).clientsAdd,
  },
  {
    name: 'clients remove',
    summary: 'end such a client; its token opens nothing any more',
    load: async () => (await import('./commands/clients.ts')).clientsRemove,
  },
  {
    name: 'secrets list',
    summary: 'the names, when each was last used and by which servers',
    load: async () => (await import('./commands/secrets.ts')).secretsList,
  },
  {
    name: 'secrets set',
    summary: 'store a new one; the value is read from stdin',
    load: async () => (await import('./commands/secrets.ts')).secretsSet,
  },
  {
    name: 'secrets remove',
    summary: 'remove one, and take it from the servers it was granted to',
    load: async () => (await import('./commands/secrets.ts')).secretsRemove,
  },
  {
    name: 'vault status',
    summary: 'where secrets are kept',
    load: async () => (await import('./commands/vault.ts')).vaultStatus,
  },
  {
    name: 'vault unlock',
    summary: 'open the encrypted file with its passphrase',
    load: async () => (await import('./commands/vault.ts')).vaultUnlock,
  },
  {
    name: 'audit list',
    summary: 'the newest rows, newest first',
    load: async () => (await import('./commands/audit.ts')).auditList,
  },
  {
    name: 'audit search',
    summary: 'rows that hold these words',
    load: async () => (await import('./commands/audit.ts')).auditSearch,
  },
  {
    name: 'audit follow',
    summary: 'new rows as they are written',
    load: async () => (await import('./commands/audit-follow.ts')).auditFollow,
  },
  {
    name: 'audit show',
    summary: 'one call: its rows, decision and times',
    load: async () => (await import('./commands/audit.ts')).auditShow,
  },
  {
    name: 'audit erase',
    summary: 'propose to take the content out of rows for good',
    load: async () => (await import('./commands/audit.ts')).auditErase,
  },
  {
    name: 'audit retention',
    summary: 'how long content is kept',
    load: async () => (await import('./commands/audit.ts')).auditRetention,
  },
  {
    name: 'audit verify',
    summary: 'is the log whole? Reads the files itself; exit code 1 when it is not',
    load: async () => (await import('./commands/audit.ts')).auditVerify,
  },
  {
    name: 'audit head',
    summary: 'the newest row as signed; keep it elsewhere',
    load: async () => (await import('./commands/audit.ts')).auditHead,
  },
  {
    name: 'audit export',
    summary: 'the whole log on stdout',
    load: async () => (await import('./commands/audit.ts')).auditExport,
  },
  {
    name: 'metrics status',
    summary: 'are numbers given to Prometheus, where, and what its settings need',
    load: async () => (await import('./commands/metrics.ts')).metricsStatus,
  },
  {
    name: 'metrics on',
    summary: 'give numbers to Prometheus on this machine; waits for a yes in the window',
    load: async () => (await import('./commands/metrics.ts')).metricsOn,
  },
  {
    name: 'metrics off',
    summary: 'stop that, at once',
    load: async () => (await import('./commands/metrics.ts')).metricsOff,
  },
  {
    name: 'uninstall',
    summary: 'take our entries out of every client, and the keychain entries; the data when asked',
    load: async () => (await import('./commands/uninstall.ts')).uninstall,
  },
  {
    name: 'doctor',
    summary: 'what works on this machine and what does not',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
]
