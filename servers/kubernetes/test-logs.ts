// How an API server hands out a container's log, for tests: text/plain, a container to be named, lines with times.
import type { Reply } from '../kit/test-api.ts'
import type { Obj } from './test-objects.ts'
import { invalid, status } from './test-status.ts'

interface ContainerState {
  name: string
  state?: { waiting?: { reason?: string } }
  lastState?: { terminated?: object }
}

/** `nodeTime`: by the node's clock. `logs`: by `namespace/pod/container`, each line beginning with its time; the run before under `… previous`. */
export function logOf(pod: Obj, query: URLSearchParams, logs: ReadonlyMap<string, string>, nodeTime: number): Reply {
  const { name, namespace } = pod.metadata
  const spec = pod.spec as { containers: { name: string }[]; initContainers?: { name: string }[] }
  const names = spec.containers.map(one => one.name)
  const inits = (spec.initContainers ?? []).map(one => one.name)
  const container = query.get('container') ?? (names.length === 1 ? names[0]! : undefined)
  if (container === undefined) {
    const more = inits.length > 0 ? ` or one of the init containers: [${inits.join(' ')}]` : ''
    const message = `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]${more}`
    throw status(400, 'BadRequest', message)
  }
  if (![...names, ...inits].includes(container))
    throw status(400, 'BadRequest', `container ${container} is not valid for pod ${name}`)
  const { containerStatuses = [] } = pod.status as { containerStatuses?: ContainerState[] }
  const now = containerStatuses.find(one => one.name === container)
  const isPrevious = query.get('previous') === 'true'
  if (isPrevious && !now?.lastState?.terminated)
    throw status(400, 'BadRequest', `previous terminated container "${container}" in pod "${name}" not found`)
  const reason = now?.state?.waiting?.reason
  if (!isPrevious && reason === 'ContainerCreating')
    throw status(400, 'BadRequest', `container "${container}" in pod "${name}" is waiting to start: ${reason}`)
  const text = logs.get(`${namespace}/${name}/${container}${isPrevious ? ' previous' : ''}`) ?? ''
  return { headers: { 'content-type': 'text/plain' }, body: chosen(text, query, nodeTime) }
}

function chosen(text: string, query: URLSearchParams, nodeTime: number): Buffer {
  let lines = text.split('\n').filter(line => line !== '')
  const seconds = positive(query, 'sinceSeconds')
  const time = query.get('sinceTime')
  if (seconds !== undefined && time !== null)
    throw invalid(
      'PodLogOptions',
      '',
      'sinceTime',
      'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be set',
    )
  if (time !== null && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(time))
    throw status(400, 'BadRequest', `parsing time "${time}" as "2006-01-02T15:04:05Z07:00": cannot parse`)
  const since = seconds === undefined ? time && Date.parse(time) : nodeTime - seconds * 1000
  if (since) lines = lines.filter(line => Date.parse(line.slice(0, line.indexOf(' '))) >= since)
  const tail = query.has('tailLines') ? Number(query.get('tailLines')) : undefined
  if (tail !== undefined && !(tail >= 0))
    throw invalid('PodLogOptions', '', 'tailLines', `Invalid value: ${tail}: must be greater than or equal to 0`)
  if (tail !== undefined) lines = tail === 0 ? [] : lines.slice(-tail)
  if (query.get('timestamps') !== 'true') lines = lines.map(line => line.slice(line.indexOf(' ') + 1))
  const all = Buffer.from(lines.map(line => `${line}\n`).join(''))
  return all.subarray(0, positive(query, 'limitBytes') ?? all.length)
}

function positive(query: URLSearchParams, name: string): number | undefined {
  if (!query.has(name)) return undefined
  const value = Number(query.get(name))
  if (!Number.isInteger(value) || value <= 0)
    throw invalid('PodLogOptions', '', name, `Invalid value: ${value}: must be greater than 0`)
  return value
}
