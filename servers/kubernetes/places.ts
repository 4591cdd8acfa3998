// Where an object lives in the cluster's API, as the cluster itself says: which path, and in which namespace if in one.
import { Failure } from '../kit/failure.ts'
import type { Cluster } from './cluster.ts'
import type { Manifest } from './manifest.ts'

export interface Placed {
  object: Manifest
  /** As in "Deployment web in shop". */
  title: string
  path: string
  /** The one it is in, or is; undefined: it belongs to the whole cluster. */
  namespace: string | undefined
}

interface Resource {
  name: string
  kind: string
  namespaced: boolean
}

export async function placed(cluster: Cluster, objects: readonly Manifest[], signal: AbortSignal): Promise<Placed[]> {
  const versions = new Map<string, Promise<Resource[]>>()
  const fallback = await cluster.defaultNamespace()
  const all: Placed[] = []
  for (const object of objects) {
    const { apiVersion, kind } = object
    if (!versions.has(apiVersion)) versions.set(apiVersion, resourcesOf(cluster, apiVersion, signal))
    const resource = (await versions.get(apiVersion)!).find(one => one.kind === kind && !one.name.includes('/'))
    if (!resource) throw unknownKind(apiVersion, kind)
    all.push(place(object, resource, fallback))
  }
  return all
}

/** Of the cluster itself: others may call something of theirs so too. */
export function isNamespace({ apiVersion, kind }: Manifest): boolean {
  return apiVersion === 'v1' && kind === 'Namespace'
}

function place(object: Manifest, { name: resource, namespaced }: Resource, fallback: string): Placed {
  const { apiVersion, kind, metadata } = object
  const { name } = metadata
  const base = `${baseOf(apiVersion)}/${namespaced ? `namespaces/${metadata.namespace ?? fallback}/` : ''}${resource}`
  if (!namespaced) {
    if (metadata.namespace !== undefined)
      throw new Failure(
        'validation_error',
        `${kind} ${name} cannot be in a namespace.`,
        'Leave metadata.namespace out.',
      )
    const namespace = isNamespace(object) ? name : undefined
    return { object, title: `${kind} ${name}`, path: `${base}/${encodeURIComponent(name)}`, namespace }
  }
  const namespace = metadata.namespace ?? fallback
  const whole = { ...object, metadata: { ...metadata, namespace } }
  return {
    object: whole,
    title: `${kind} ${name} in ${namespace}`,
    path: `${base}/${encodeURIComponent(name)}`,
    namespace,
  }
}

async function resourcesOf(cluster: Cluster, apiVersion: string, signal: AbortSignal): Promise<Resource[]> {
  const found = await cluster
    .ask({ signal }, api => api.raw({ method: 'GET', path: baseOf(apiVersion) }))
    .catch(error => {
      if (error instanceof Failure && error.kind === 'not_found') return { resources: [] }
      throw error
    })
  return (found as { resources?: Resource[] }).resources ?? []
}

function baseOf(apiVersion: string): string {
  return `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`
}

function unknownKind(apiVersion: string, kind: string): Failure {
  return new Failure(
    'validation_error',
    `This cluster knows no ${kind} of ${apiVersion}.`,
    'Correct apiVersion and kind; what is defined by a CRD needs the CRD first.',
  )
}
