// Whether a manifest is what Kubernetes' own types say: no unknown field, none missing, each of its type, and of its values.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as client from '@kubernetes/client-node'

interface Attribute {
  name: string
  baseName: string
  type: string
}
const models = client as unknown as Record<string, { getAttributeTypeMap?: () => Attribute[] }>
const home = dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node'))

/** Values that a server takes, and its published schema tells in prose alone. By type and field; a list is of these. */
const ONE_OF: Record<string, string[]> = {
  'V1Container.imagePullPolicy': ['Always', 'IfNotPresent', 'Never'],
  'V1ContainerPort.protocol': ['TCP', 'UDP', 'SCTP'],
  'V1ServicePort.protocol': ['TCP', 'UDP', 'SCTP'],
  'V1NetworkPolicyPort.protocol': ['TCP', 'UDP', 'SCTP'],
  'V1Capabilities.drop': ['ALL'],
  'V1DeploymentStrategy.type': ['RollingUpdate', 'Recreate'],
  'V1SeccompProfile.type': ['RuntimeDefault', 'Localhost', 'Unconfined'],
  'V1TopologySpreadConstraint.whenUnsatisfiable': ['DoNotSchedule', 'ScheduleAnyway'],
  'V1LabelSelectorRequirement.operator': ['In', 'NotIn', 'Exists', 'DoesNotExist'],
  'V1NetworkPolicySpec.policyTypes': ['Ingress', 'Egress'],
  'V1ServiceSpec.type': ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'],
  'V1RoleRef.kind': ['Role', 'ClusterRole'],
  'RbacV1Subject.kind': ['ServiceAccount', 'User', 'Group'],
  'V1PolicyRule.verbs': ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  'V2MetricSpec.type': ['Resource', 'Pods', 'Object', 'External', 'ContainerResource'],
  'V2MetricTarget.type': ['Utilization', 'Value', 'AverageValue'],
}
/** Names of objects and of ports; amounts. */
const FORM: Record<string, RegExp> = {
  'V1ObjectMeta.name': /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  'V1ContainerPort.name': /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/,
  'V1ResourceRequirements.limits': /^[1-9]\d*(m|Ki|Mi|Gi)?$/,
  'V1ResourceRequirements.requests': /^[1-9]\d*(m|Ki|Mi|Gi)?$/,
  'V1EmptyDirVolumeSource.sizeLimit': /^[1-9]\d*(m|Ki|Mi|Gi)?$/,
  'V1IPBlock.cidr': /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/,
}

/** `type`: as in V1Deployment. Gives what is wrong, by place. */
export function wrongIn(value: unknown, type: string, place = type): string[] {
  const scalar = scalarOf(type)
  if (scalar) return scalar(value) ? [] : [`${place}: ${JSON.stringify(value)} is not ${type}`]
  const [, many] = /^Array<(.+)>$/.exec(type) ?? []
  if (many)
    return Array.isArray(value)
      ? value.flatMap((one, n) => wrongIn(one, many, `${place}[${n}]`))
      : [`${place} is not a list`]
  const [, each] = /^\{ \[key: string\]: (.+); \}$/.exec(type) ?? []
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [`${place} is not an object`]
  if (each) return Object.entries(value).flatMap(([key, one]) => wrongIn(one, each, `${place}.${key}`))
  const fields = models[type]?.getAttributeTypeMap?.()
  if (!fields) return [`${place}: ${type} is not known`]
  const required = requiredOf(type)
  const missing = fields.filter(field => required.has(field.name) && !(field.baseName in value))
  return [
    ...missing.map(field => `${place}.${field.baseName} is missing`),
    ...Object.entries(value).flatMap(([key, one]) => {
      const field = fields.find(field => field.baseName === key)
      if (!field) return [`${place}.${key} is not known`]
      return [...wrongIn(one, field.type, `${place}.${key}`), ...otherThan(`${type}.${key}`, one, `${place}.${key}`)]
    }),
  ]
}

function otherThan(field: string, value: unknown, place: string): string[] {
  const texts = typeof value === 'object' && value !== null ? Object.values(value) : [value]
  const isRight = (text: unknown) =>
    (ONE_OF[field]?.includes(`${text}`) ?? true) && (FORM[field]?.test(`${text}`) ?? true)
  return texts.filter(text => !isRight(text)).map(text => `${place}: ${JSON.stringify(text)} is no such value`)
}

function scalarOf(type: string): ((value: unknown) => boolean) | undefined {
  if (type === 'any') return () => true
  if (type === 'IntOrString') return value => typeof value === 'string' || Number.isInteger(value)
  if (['string', 'number', 'boolean'].includes(type)) return value => `${typeof value}` === type
  return undefined
}

/** The types say it with a `?`; what runs does not say it. */
function requiredOf(type: string): Set<string> {
  const text = readFileSync(join(home, 'gen', 'models', `${type}.d.ts`), 'utf8')
  return new Set([...text.matchAll(/^ {4}'(\w+)': /gm)].map(match => match[1]!))
}
