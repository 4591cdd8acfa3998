// Kustomize for exactly what build/deploy uses of it, so that the manifests are tested where no kustomize is installed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

// biome-ignore lint/suspicious/noExplicitAny: manifests of every kind, checked against their types by the test
export type Manifest = any

interface Patch {
  op: 'add' | 'replace'
  path: string
  value: unknown
}

interface Kustomization {
  resources: string[]
  namespace?: string
  nameSuffix?: string
  labels?: { includeSelectors: true; pairs: Record<string, string> }[]
  images?: { name: string; newName: string; newTag: string }[]
  configMapGenerator?: { name: string; literals: string[] }[]
  generatorOptions?: { disableNameSuffixHash: true }
  patches?: { target: { kind: string }; patch: string }[]
}

const KNOWN = [
  'apiVersion',
  'kind',
  'resources',
  'namespace',
  'nameSuffix',
  'labels',
  'images',
  'configMapGenerator',
].concat('generatorOptions', 'patches')

export function render(folder: string): Manifest[] {
  const file = readFileSync(join(folder, 'kustomization.yaml'), 'utf8')
  const k = parse(file) as Kustomization
  const unknown = Object.keys(k).filter(name => !KNOWN.includes(name))
  if (unknown.length > 0) throw new Error(`Not known here: ${unknown.join(', ')}`)
  const all = [
    ...k.resources.flatMap(one => resourcesOf(folder, one)),
    ...(k.configMapGenerator ?? []).map(configMapOf),
  ]
  for (const { target, patch } of k.patches ?? [])
    for (const one of all.filter(one => one.kind === target.kind))
      for (const step of parse(patch) as Patch[]) apply(one, step)
  const names = new Set(all.map(one => one.metadata.name as string))
  for (const one of all) {
    each(one, (holder, key, value, path) => {
      const refers = path === 'metadata.name' || REFERENCES.some(reference => path.endsWith(reference))
      if (refers && typeof value === 'string' && names.has(value)) holder[key] = `${value}${k.nameSuffix ?? ''}`
      if (key === 'image') holder[key] = imageOf(`${value}`, k.images ?? [])
    })
    if (k.namespace) one.metadata.namespace = k.namespace
    if (k.namespace) for (const subject of one.subjects ?? []) subject.namespace = k.namespace
    for (const { pairs } of k.labels ?? []) label(one, pairs)
  }
  return all
}

/** Where a manifest names another. */
const REFERENCES = [
  '.serviceAccountName',
  'roleRef.name',
  'subjects.0.name',
  'scaleTargetRef.name',
  'configMapRef.name',
]

function resourcesOf(folder: string, name: string): Manifest[] {
  if (!name.endsWith('.yaml')) return render(join(folder, name))
  return parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map(one => one.toJS())
}

function configMapOf({ name, literals }: { name: string; literals: string[] }): Manifest {
  const data = Object.fromEntries(literals.map(one => /^([^=]+)=(.*)$/s.exec(one)!.slice(1) as [string, string]))
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
}

function apply(manifest: Manifest, { op, path, value }: Patch): void {
  const steps = path.slice(1).split('/')
  const last = steps.pop()!
  const holder = steps.reduce((at, step) => at[step], manifest)
  if (op === 'add' && last === '-') holder.push(value)
  else if (op === 'replace' && last in holder) holder[last] = value
  else throw new Error(`${op} ${path} is not known here.`)
}

function imageOf(image: string, images: NonNullable<Kustomization['images']>): string {
  const found = images.find(one => one.name === image)
  return found ? `${found.newName}:${found.newTag}` : image
}

/** As includeSelectors does: also what selects, and what is made by a template. */
function label(manifest: Manifest, pairs: Record<string, string>): void {
  const add = (holder: Manifest, key: string) => {
    holder[key] = { ...holder[key], ...pairs }
  }
  add(manifest.metadata, 'labels')
  const { spec, kind } = manifest
  if (kind === 'Service') add(spec, 'selector')
  if (spec?.selector?.matchLabels) add(spec.selector, 'matchLabels')
  if (spec?.podSelector?.matchLabels) add(spec.podSelector, 'matchLabels')
  if (!spec?.template) return
  add(spec.template.metadata, 'labels')
  for (const one of spec.template.spec.topologySpreadConstraints ?? []) add(one.labelSelector, 'matchLabels')
}

function each(
  value: Manifest,
  see: (holder: Manifest, key: string, value: unknown, path: string) => void,
  path = '',
): void {
  if (value === null || typeof value !== 'object') return
  for (const [key, member] of Object.entries(value)) {
    const at = path ? `${path}.${key}` : key
    see(value, key, member, at)
    each(member, see, at)
  }
}
