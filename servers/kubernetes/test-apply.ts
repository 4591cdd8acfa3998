// Server-side apply as an API server does it, for tests: who manages which field, conflicts, schemas, defaults.
import { type Obj, type Resource, SCHEMAS } from './test-objects.ts'
import { invalid, status } from './test-status.ts'

interface Where {
  query: URLSearchParams
  resource: Resource
  namespace: string | undefined
  name: string
}
type Tree = Record<string, unknown>

/** The object as it would be; throws what the server would refuse with. */
export function applied(found: Obj | undefined, wanted: Obj, { query, resource, namespace, name }: Where): Obj {
  const manager = query.get('fieldManager')
  const version = resource.group ? `${resource.group}/${resource.version}` : resource.version
  if (!manager) throw invalid('PatchOptions', '', 'fieldManager', 'Required value: is required for apply patch')
  const { kind, apiVersion, metadata } = wanted
  if (kind !== resource.kind || apiVersion !== version)
    throw status(
      400,
      'BadRequest',
      `the kind in the data (${apiVersion}, Kind=${kind}) does not match the expected kind(s)`,
    )
  if (metadata.name !== name)
    throw status(
      400,
      'BadRequest',
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    )
  if (metadata.namespace !== namespace)
    throw status(
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  if (metadata.managedFields !== undefined) throw status(400, 'BadRequest', 'metadata.managedFields must be nil')
  checkSchema(wanted, `${namespace}/${name}; ${version}, Kind=${kind}`)
  checkValues(wanted)
  const owners = { ...(found?.owners as Record<string, string> | undefined) }
  const mine = leaves(wanted)
  const clashes = [...mine].filter(
    ([path, value]) => found && owners[path] && owners[path] !== manager && at(found, path) !== value,
  )
  if (clashes.length > 0 && query.get('force') !== 'true') {
    const causes = clashes.map(([path]) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${owners[path]}" using ${version}`,
      field: path,
    }))
    const told = causes.map(one => `${one.message}: ${one.field}`).join(', ')
    throw status(
      409,
      'Conflict',
      `Apply failed with ${causes.length} conflict${causes.length > 1 ? 's' : ''}: ${told}`,
      { causes },
    )
  }
  for (const path of mine.keys()) owners[path] = manager
  const made = withDefaults(merge(found ?? {}, wanted) as Obj)
  const creationTimestamp = found?.metadata.creationTimestamp ?? new Date().toISOString().replace(/\.\d+Z/, 'Z')
  const managedFields = [
    { manager, operation: 'Apply', apiVersion: version, time: creationTimestamp, fieldsType: 'FieldsV1', fieldsV1: {} },
  ]
  const generation = Number(found?.metadata.generation ?? 0) + 1
  const uid = found?.metadata.uid ?? crypto.randomUUID()
  return {
    ...made,
    owners,
    metadata: { ...made.metadata, uid, creationTimestamp, generation, resourceVersion: '4712', managedFields },
  }
}

/** The words of structured-merge-diff; the server answers them with 500 and no reason. */
function checkSchema(wanted: Obj, about: string): void {
  const known = SCHEMAS[wanted.kind as string]
  for (const key of Object.keys((wanted.spec ?? {}) as Tree))
    if (known && !known.includes(key))
      throw status(
        500,
        '',
        `failed to create typed patch object (${about}): .spec.${key}: field not declared in schema`,
      )
}

function checkValues({ kind, metadata, spec, data }: Obj): void {
  const { replicas } = (spec ?? {}) as { replicas?: unknown }
  if (kind === 'Deployment' && typeof replicas === 'number' && replicas < 0)
    throw invalid(
      'Deployment.apps',
      metadata.name,
      'spec.replicas',
      `Invalid value: ${replicas}: must be greater than or equal to 0`,
    )
  if (kind === 'Secret')
    for (const value of Object.values((data ?? {}) as Record<string, string>))
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value))
        throw status(
          400,
          'BadRequest',
          `Secret in version "v1" cannot be handled as a Secret: illegal base64 data in "${value}"`,
        )
}

function leaves(value: unknown, path = '', found = new Map<string, unknown>()): Map<string, unknown> {
  if (Array.isArray(value)) for (const [n, one] of value.entries()) leaves(one, `${path}[${nameIn(one) ?? n}]`, found)
  else if (typeof value === 'object' && value !== null)
    for (const [key, one] of Object.entries(value)) leaves(one, `${path}.${key}`, found)
  else if (!/^\.(kind|apiVersion|metadata\.(name|namespace))$/.test(path)) found.set(path, value)
  return found
}

function at(object: unknown, path: string): unknown {
  return leaves(object).get(path)
}

function nameIn(one: unknown): string | undefined {
  return (one as { name?: string } | null)?.name
}

/** Lists of named things are merged by name, others replaced. */
function merge(old: unknown, wanted: unknown): unknown {
  if (Array.isArray(wanted)) {
    const before = Array.isArray(old) ? old : []
    if (!wanted.every(nameIn)) return wanted
    const kept = before.filter(one => !wanted.some(other => nameIn(other) === nameIn(one)))
    return [
      ...wanted.map(one =>
        merge(
          before.find(other => nameIn(other) === nameIn(one)),
          one,
        ),
      ),
      ...kept,
    ]
  }
  if (typeof wanted !== 'object' || wanted === null) return wanted
  const made = { ...(typeof old === 'object' && !Array.isArray(old) ? old : {}) } as Tree
  for (const [key, value] of Object.entries(wanted)) made[key] = merge(made[key], value)
  return made
}

function withDefaults(object: Obj): Obj {
  if (object.kind === 'Secret') {
    const plain = Object.entries((object.stringData ?? {}) as Record<string, string>)
    const data = {
      ...(object.data as object),
      ...Object.fromEntries(plain.map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
    }
    const { stringData: _gone, ...rest } = object
    return { ...rest, data, type: object.type ?? 'Opaque' } as Obj
  }
  return object.kind === 'Deployment'
    ? { ...object, spec: { replicas: 1, revisionHistoryLimit: 10, ...object.spec } }
    : object
}
