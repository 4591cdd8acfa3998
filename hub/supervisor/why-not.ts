// What a call that needs a server is told when it cannot have it.
import type { ServerState } from '../../contract/servers.ts'
import { HubError } from '../error.ts'

export function whyNot(name: string, state: ServerState): HubError {
  switch (state.kind) {
    case 'waiting':
      return new HubError('server/waiting', `${name} has not started: ${state.what}`, {
        hint: 'Open Gatehouse and look at this server.',
      })
    case 'backing-off':
    case 'crash-looping': {
      const { what, hint } = state.because
      return new HubError('server/not-running', `${name} is not running. ${what}`, hint ? { hint } : {})
    }
    default:
      return new HubError('server/stopped', `${name} is stopped.`, { hint: `Start ${name} in Gatehouse.` })
  }
}
