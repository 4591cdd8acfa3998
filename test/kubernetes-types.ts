// Whether a manifest is what Kubernetes' own types say: no unknown field, none missing, each of its type.
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
      return field ? wrongIn(one, field.type, `${place}.${key}`) : [`${place}.${key} is not known`]
    }),
  ]
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
