import { expect, test } from 'vitest'
import type { FormField } from '../../../contract/questions.ts'
import { filled, formLook, formSchema, freshValues, lacking } from './form-schema.ts'

const field = (name: string, input: FormField['input'], more: Partial<FormField> = {}): FormField => ({
  name,
  title: null,
  description: null,
  required: false,
  secret: false,
  input,
  ...more,
})
const text = { kind: 'text', format: null, minLength: null, maxLength: null, pattern: null, preset: null } as const
const options = [
  { value: 'a', title: 'A\u202e' },
  { value: 'b', title: 'B' },
]
const choice = {
  kind: 'choice',
  options,
  many: false,
  min: null,
  max: null,
  preset: [],
} as const satisfies FormField['input']
const fields: FormField[] = [
  field('name', { ...text, minLength: 2 }, { title: 'pay\u202eelif', required: true }),
  field('key', text, { secret: true }),
  field('age', { kind: 'number', integer: true, min: 0, max: null, preset: 7 }),
  field('sure', { kind: 'yes-no', preset: null }),
  field('one', { ...choice, preset: ['b'] }),
  field('many', { ...choice, many: true, min: 1 }),
]

test('a form is drawn from its fields, with hidden characters of theirs in sight', () => {
  expect(formSchema(fields)).toMatchObject({
    required: ['name'],
    properties: {
      name: { title: 'payU+202Eelif', type: 'string', minLength: 2 },
      age: { title: 'age', type: 'integer', minimum: 0 },
      one: { type: 'string', enum: ['a', 'b'] },
      many: { type: 'array', uniqueItems: true, minItems: 1 },
    },
  })
  expect(formLook(fields, true)).toMatchObject({
    name: { 'ui:autofocus': true },
    key: { 'ui:widget': 'password' },
    one: { 'ui:enumNames': ['AU+202E', 'B'] },
    many: { 'ui:widget': 'checkboxes' },
  })
})

test('what is shown is what is sent: suggestions, an unticked box as no, nothing for what was left empty', () => {
  const values = freshValues(fields)
  expect(values).toEqual({ age: 7, sure: false, one: 'b', many: [] })
  expect(filled(fields, { ...values, name: '', key: undefined })).toEqual({ age: 7, sure: false, one: 'b' })
})

test('what is needed and missing is named', () => {
  expect(lacking(fields, freshValues(fields))?.name).toBe('name')
  expect(lacking(fields, { name: 'Ada' })).toBe(null)
})
