// How an API server hands out a container's log, for tests: text/plain, a container to be named, lines with times.
import type { Reply } from '../kit/test-api.ts'
import type { Obj } from './test-objects.ts'
import { invalid, status } from './test-status.ts'

interface ContainerState {
  name: string
  state?: { waiting?: { reason?: string } }
  lastState?: { terminated?: object }
}

/** `logs`: by `namespace/pod/container`, each line beginning with its time; the run before under `… previous`. */
export function logOf(pod: Obj, query: URLSearchParams, logs: ReadonlyMap<string, string>): Reply {
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
  return { headers: { 'content-type': 'text/plain' }, body: chosen(text, query) }
}

function chosen(text: string, query: URLSearchParams): Buffer {
  let lines = text.split('\n').filter(line => line !== '')
  const since = positive(query, 'sinceSeconds')
  if (since !== undefined)
    lines = lines.filter(line => Date.parse(line.slice(0, line.indexOf(' '))) >= Date.now() - since * 1000)
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
