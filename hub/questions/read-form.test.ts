import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FormField } from '../../contract/questions.ts'
import { checkContent } from './check-content.ts'
import { readForm, type Show } from './read-form.ts'

const show: Show = (text, most) => text.toWellFormed().replaceAll('hunter2', '•••').slice(0, most)
const read = (properties: unknown, required: string[] = [], message = 'Tell me') =>
  readForm({ type: 'object', properties, required }, message, show)
const codeOf = (run: () => unknown) => {
  try {
    run()
    return 'fits'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
const fits = (schema: unknown, value: unknown) =>
  codeOf(() => checkContent(read({ it: schema }), { it: value as never })) === 'fits'

test('every kind of field that MCP allows is read', () => {
  const options = [
    { value: 'a', title: 'A' },
    { value: 'b', title: 'B' },
  ]
  const titled = [
    { const: 'a', title: 'A' },
    { const: 'b', title: 'B' },
  ]
  const fields = read(
    {
      text: { type: 'string', title: 'Text', description: 'Words', format: 'email', minLength: 1, default: 'x@y' },
      whole: { type: 'integer', minimum: 1, maximum: 9, default: 5 },
      yes: { type: 'boolean', default: true },
      plain: { type: 'string', enum: ['a', 'b'], default: 'b' },
      legacy: { type: 'string', enum: ['a', 'b'], enumNames: ['A', 'B'] },
      one: { type: 'string', oneOf: titled },
      some: { type: 'array', minItems: 1, items: { anyOf: titled }, default: ['a', 'z'] },
      many: { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
    },
    ['yes'],
  )
  const choice = { kind: 'choice', many: false, min: null, max: null, preset: [] }
  expect(fields.map(one => one.input)).toEqual([
    { kind: 'text', format: 'email', minLength: 1, maxLength: null, pattern: null, preset: 'x@y' },
    { kind: 'number', integer: true, min: 1, max: 9, preset: 5 },
    { kind: 'yes-no', preset: true },
    { ...choice, options: options.map(o => ({ ...o, title: o.value })), preset: ['b'] },
    { ...choice, options },
    { ...choice, options },
    { ...choice, options, many: true, min: 1, preset: ['a'] },
    { ...choice, options: options.map(o => ({ ...o, title: o.value })), many: true },
  ])
  expect(fields[0]).toMatchObject({ title: 'Text', description: 'Words', required: false, secret: false })
  expect(fields[2]!.required).toBe(true)
})

let deep: unknown = { type: 'string' }
for (let n = 0; n < 100_000; n++) deep = { type: 'object', properties: { a: deep } }

test.each([
  ['no schema', undefined],
  ['a text for a schema', 'object'],
  ['no properties', { type: 'object' }],
  ['an object inside, a hundred thousand deep', { type: 'object', properties: { a: deep } }],
  ['a list of texts', { type: 'object', properties: { a: { type: 'array', items: { type: 'string' } } } }],
  ['a reference', { type: 'object', properties: { a: { $ref: '#/$defs/x' } } }],
  [
    'a hundred thousand choices',
    { type: 'object', properties: { a: { type: 'string', enum: Array.from({ length: 100_000 }, (_, n) => `${n}`) } } },
  ],
  ['choices that are no texts', { type: 'object', properties: { a: { type: 'string', enum: [{ toString: 1 }] } } }],
  [
    'a hundred and one fields',
    { type: 'object', properties: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [n, { type: 'string' }])) },
  ],
  ['a name of half a character', { type: 'object', properties: { '\ud800': { type: 'string' } } }],
  ['a name that is the prototype', JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}')],
  ['a name of a megabyte', { type: 'object', properties: { ['x'.repeat(1_000_000)]: { type: 'string' } } }],
])('%s is no form', (_, schema) => {
  expect(codeOf(() => readForm(schema, '', show))).toBe('questions/unreadable')
})

test.each([
  [{ type: 'string', format: 'email' }, ['ada@example.com'], ['ada', 'a b@c', '']],
  [{ type: 'string', format: 'uri' }, ['https://x.example/a', 'urn:isbn:1'], ['x.example', '']],
  [{ type: 'string', format: 'date' }, ['2028-02-29'], ['2026-02-29', '2026-13-01', '26-01-01']],
  [
    { type: 'string', format: 'date-time' },
    ['2026-11-21T14:30:00Z', '2026-11-21T14:30:00.5+02:00'],
    ['2026-11-21', '2026-11-21T25:00:00Z'],
  ],
  [{ type: 'string', minLength: 2, maxLength: 3 }, ['ab', '😀😀😀'], ['a', 'abcd', '\ud800a']],
  [{ type: 'string', pattern: '^[A-Z]+$' }, ['ABC'], ['abc']],
  [{ type: 'number', minimum: 0, maximum: 1 }, [0.5], [-1, 2, '0.5', Number.NaN]],
  [{ type: 'integer' }, [3, -3], [0.5]],
  [{ type: 'boolean' }, [true, false], ['true', 1]],
  [{ type: 'string', enum: ['a', 'b'] }, ['a'], ['c', ['a']]],
  [
    { type: 'array', items: { type: 'string', enum: ['a', 'b', 'c'] }, minItems: 1, maxItems: 2 },
    [['a'], ['a', 'c']],
    [[], ['a', 'b', 'c'], ['z'], ['a', 'a'], 'a'],
  ],
])('%j takes what fits and nothing else', (schema, right, wrong) => {
  expect(right.map(value => fits(schema, value))).toEqual(right.map(() => true))
  expect(wrong.map(value => fits(schema, value))).toEqual(wrong.map(() => false))
})

test('a pattern cannot make the hub slow, and one that is not RE2 is left to the server', () => {
  const bomb = { type: 'string', pattern: '^(a+)+$' }
  expect(fits(bomb, `${'a'.repeat(50_000)}!`)).toBe(false)
  expect(fits({ type: 'string', pattern: '(?=x)y' }, 'anything')).toBe(true)
  expect(fits({ type: 'string', pattern: '((((a{900}){900}){900}){900}){900}' }, 'anything')).toBe(true)
  expect(fits({ type: 'string', pattern: `^${'x'.repeat(600)}$` }, 'anything')).toBe(true)
})

test.each([
  ['password', {}, '', true],
  ['apiKey', {}, '', true],
  ['value', { title: 'GitHub token' }, '', true],
  ['value', { description: 'Your access-key for AWS' }, '', true],
  ['value', {}, 'Enter the passphrase of your key', true],
  ['max_tokens', {}, '', false],
  ['name', { title: 'Your name' }, 'Pinned items are kept', false],
])('%s %j after "%s" asks for a secret: %s', (name, more, message, secret) => {
  expect(read({ [name]: { type: 'string', ...more } }, [], message)[0]!.secret).toBe(secret)
})

test('a choice or preset that holds a secret of yours is neither shown nor sent', () => {
  const fields = read({ a: { type: 'string', enum: ['x', 'hunter2'] }, b: { type: 'string', default: 'hunter2' } })
  expect(JSON.stringify(fields)).not.toContain('hunter2')
  expect(fields[1]!.input).toMatchObject({ preset: null })
})

const anySchema = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      type: fc.oneof(fc.constantFrom('string', 'number', 'integer', 'boolean', 'array', 'object'), fc.jsonValue()),
      title: fc.jsonValue(),
      description: fc.jsonValue(),
      default: fc.jsonValue(),
      format: fc.constantFrom('email', 'uri', 'date', 'date-time', 'x', 1),
      pattern: fc.oneof(fc.string(), fc.jsonValue()),
      minLength: fc.jsonValue(),
      maximum: fc.jsonValue(),
      enum: fc.jsonValue(),
      oneOf: fc.jsonValue(),
      items: fc.record({ enum: fc.array(fc.string()), anyOf: fc.jsonValue() }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  ),
)

test('whatever a server sends is either a form as the contract has it, or refused in words', () => {
  const properties = fc.dictionary(fc.string({ unit: 'binary' }), anySchema, { maxKeys: 6 })
  fc.assert(
    fc.property(properties, fc.jsonValue(), fc.jsonValue(), (given, required, value) => {
      let fields: FormField[]
      try {
        fields = readForm({ type: 'object', properties: given, required }, '', show)
      } catch (error) {
        expect((error as { code?: string }).code).toBe('questions/unreadable')
        return
      }
      for (const field of fields) expect(FormField.parse(field)).toEqual(field)
      const content = Object.fromEntries(fields.map(field => [field.name, value]))
      const code = codeOf(() => checkContent(fields, content))
      expect(['fits', 'questions/does-not-fit']).toContain(code)
    }),
    { numRuns: 500 },
  )
})
