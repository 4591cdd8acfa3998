// Whether structured content is what the tool's output schema promised. Interpreted: the page may not generate code.
import { Validator } from '@cfworker/json-schema'
import type { Schema } from './offers.ts'

export type Fit =
  | { kind: 'no-schema' }
  | { kind: 'fits' }
  | { kind: 'differs'; what: string }
  | { kind: 'unchecked'; what: string }

export function checkOutput(schema: Schema | null, structured: unknown): Fit {
  if (!schema) return { kind: 'no-schema' }
  if (structured === undefined)
    return { kind: 'differs', what: 'its schema promises structured content, and there is none' }
  try {
    const { valid, errors } = new Validator(schema, draftOf(schema), false).validate(structured)
    if (valid) return { kind: 'fits' }
    const deepest = errors.at(-1)
    return {
      kind: 'differs',
      what: deepest
        ? `${deepest.instanceLocation.replace(/^#\/?/, '') || 'the whole'}: ${deepest.error}`
        : 'it does not fit',
    }
  } catch (error) {
    return { kind: 'unchecked', what: error instanceof Error ? error.message : String(error) }
  }
}

function draftOf({ $schema }: Schema): '7' | '2019-09' | '2020-12' {
  const dialect = typeof $schema === 'string' ? $schema : ''
  return /draft-0[67]/.test(dialect) ? '7' : dialect.includes('2019-09') ? '2019-09' : '2020-12'
}
