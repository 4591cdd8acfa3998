// The switch that stops everything that writes, for every client.
import { hub, useCall, usePolicy } from '../hub.ts'

/** Whether it is on, and how to switch it; the hub says when it is done. */
export function useReadOnly(): [on: boolean, set: (on: boolean) => Promise<unknown>] {
  const policy = usePolicy()
  const change = useCall(hub.policy.change)
  return [policy.kind === 'ready' && policy.value.readOnly, on => change({ kind: 'read-only', on })]
}
