// The two switches that hold for every client: nothing writes, and nothing runs at all.
import { hub, useCall, usePolicy } from '../../hub.ts'
import { plural, showDone } from '../../ui/index.ts'

type Switch = [on: boolean, set: (on: boolean) => Promise<void>]

/** Whether nothing may write, and how to switch that; the hub says when it is done. */
export const useReadOnly = (): Switch => useSwitch('read-only', 'readOnly')

/** Whether everything is stopped, and how to stop it or start it again. */
export const useStopped = (): Switch => useSwitch('stop', 'stopped')

// That it is on stands in the frame; what was with its server already is not called back, and that is said here.
function useSwitch(kind: 'read-only' | 'stop', name: 'readOnly' | 'stopped'): Switch {
  const policy = usePolicy()
  const change = useCall(hub.policy.change)
  const set = async (on: boolean) => {
    const { underWay = 0 } = (await change({ kind, on })) ?? {}
    if (on && underWay > 0) showDone(`${plural(underWay, 'call')} had begun already and may have changed something`)
  }
  return [policy.kind === 'ready' && policy.value[name], set]
}
