// The whole table of commands, in the order the help shows them.
import type { Command } from './command.ts'
import { approvalsList } from './commands/approvals.ts'
import { auditExport, auditHead, auditList, auditVerify } from './commands/audit.ts'
import { call } from './commands/call.ts'
import { clientsConnect, clientsDisconnect, clientsList, clientsPreview, clientsUndo } from './commands/clients.ts'
import { connect } from './commands/connect.ts'
import { doctor } from './commands/doctor.ts'
import { open } from './commands/open.ts'
import { policyExplain, policyList } from './commands/policy.ts'
import { secretsList, secretsRemove, secretsSet } from './commands/secrets.ts'
import { serve } from './commands/serve.ts'
import {
  serversImport,
  serversList,
  serversRemove,
  serversRestart,
  serversStart,
  serversStop,
} from './commands/servers.ts'
import { serversAdd } from './commands/servers-add.ts'
import { serversLogs } from './commands/servers-logs.ts'
import { status } from './commands/status.ts'
import { stop } from './commands/stop.ts'
import { tools } from './commands/tools.ts'

export const COMMANDS: readonly Command[] = [
  serve,
  connect,
  status,
  stop,
  open,
  serversList,
  serversAdd,
  serversImport,
  serversRemove,
  serversStart,
  serversStop,
  serversRestart,
  serversLogs,
  tools,
  call,
  approvalsList,
  policyList,
  policyExplain,
  clientsList,
  clientsPreview,
  clientsConnect,
  clientsDisconnect,
  clientsUndo,
  secretsList,
  secretsSet,
  secretsRemove,
  auditList,
  auditVerify,
  auditHead,
  auditExport,
  doctor,
]
