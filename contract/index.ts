// The one table of what can be asked of the hub; both ends derive from it.

import { auditContract } from './audit.ts'
import { callsContract } from './calls.ts'
import { catalogContract } from './catalog.ts'
import { directContract } from './client-direct.ts'
import { movesContract } from './client-move.ts'
import { clientsContract } from './clients.ts'
import { hubContract, windowsContract } from './hub.ts'
import { metricsContract } from './metrics.ts'
import { approvalsContract, policyContract, proposalsContract } from './policy.ts'
import { profilesContract } from './profiles.ts'
import { questionsContract } from './questions.ts'
import { secretsContract } from './secrets.ts'
import { serversContract } from './servers.ts'

export const contract = {
  hub: hubContract,
  windows: windowsContract,
  servers: serversContract,
  catalog: catalogContract,
  calls: callsContract,
  approvals: approvalsContract,
  questions: questionsContract,
  policy: policyContract,
  proposals: proposalsContract,
  audit: auditContract,
  clients: clientsContract,
  moves: movesContract,
  direct: directContract,
  profiles: profilesContract,
  secrets: secretsContract,
  metrics: metricsContract,
}
