import type { RJSFSchema } from '@rjsf/utils'
import { expect, test } from 'vitest'
import { validator } from './schema-validator.ts'

const schema: RJSFSchema = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 2 }, replicas: { $ref: '#/$defs/count' } },
  required: ['name'],
  $defs: { count: { type: 'integer', minimum: 0 } },
}

test('what fits has no errors', () => {
  expect(validator.validateFormData({ name: 'web', replicas: 3 }, schema).errors).toEqual([])
})

test('each error names its own place, not the object around it', () => {
  const { errors } = validator.validateFormData({ replicas: -1 }, schema)
  expect(errors.map(error => error.property).sort()).toEqual(['.name', '.replicas'])
  expect(errors.find(error => error.property === '.name')?.message).toBe('is needed')
})

test('it works where code may not be generated', () => {
  const real = globalThis.Function
  globalThis.Function = (() => {
    throw new EvalError('refused')
  }) as unknown as FunctionConstructor
  try {
    expect(validator.validateFormData({ name: 'x' }, { ...schema }).errors).toHaveLength(1)
  } finally {
    globalThis.Function = real
  }
})

test.each([
  [{ type: 'string', minLength: 2 }, 'A', 'At least 2 characters.'],
  [{ type: 'string', maxLength: 1 }, 'AB', 'At most 1 character.'],
  [{ type: 'number', minimum: -1.5 }, -2, 'At least -1.5.'],
  [{ type: 'number', maximum: 3 }, 4, 'At most 3.'],
  [{ type: 'string', format: 'email' }, 'x', 'Not of the format that is asked for.'],
])('what is wrong with a value is said in words: %j', (it, value, words) => {
  const schema = { type: 'object', properties: { it } } as const
  const { errors } = validator.validateFormData({ it: value }, schema as never)
  expect(errors.map(error => error.message)).toEqual([words])
})
