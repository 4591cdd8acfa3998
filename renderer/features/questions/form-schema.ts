// A server's form as the form part takes it: the hub read the fields, so that only what they can be gets here.
import type { FormField } from '../../../contract/questions.ts'
import { seen } from '../../ui/foreign.tsx'

export type Values = Record<string, unknown>

/** More choices than these are a list that opens. */
const MOST_SIDE_BY_SIDE = 8

export function formSchema(fields: readonly FormField[]): object {
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(field => [field.name, schemaOf(field)])),
    required: fields.filter(field => field.required).map(field => field.name),
  }
}

function schemaOf({ name, title, description, input }: FormField): object {
  const words = { title: seen(title ?? name), ...(description ? { description: seen(description) } : {}) }
  switch (input.kind) {
    case 'yes-no':
      return { ...words, type: 'boolean' }
    case 'number':
      return { ...words, type: input.integer ? 'integer' : 'number', ...limits('minimum', 'maximum', input) }
    case 'text': {
      const { minLength: min, maxLength: max, format } = input
      return {
        ...words,
        type: 'string',
        ...limits('minLength', 'maxLength', { min, max }),
        ...(format ? { format } : {}),
      }
    }
    case 'choice': {
      // Not `oneOf` with consts: the form part would choose the first by itself.
      const one = { type: 'string', enum: input.options.map(o => o.value) }
      if (!input.many) return { ...words, ...one }
      return { ...words, type: 'array', uniqueItems: true, items: one, ...limits('minItems', 'maxItems', input) }
    }
  }
}

function limits(low: string, high: string, { min, max }: { min: number | null; max: number | null }): object {
  return { ...(min === null ? {} : { [low]: min }), ...(max === null ? {} : { [high]: max }) }
}

/** How each field is drawn. `focus`: the first takes the keyboard. */
export function formLook(fields: readonly FormField[], focus: boolean): object {
  return Object.fromEntries(
    fields.map(({ name, secret, input }, n) => {
      const many = input.kind === 'choice' && input.many
      const few = input.kind === 'choice' && input.options.length <= MOST_SIDE_BY_SIDE
      const widget = secret ? 'password' : many ? (few ? 'checkboxes' : 'select') : undefined
      const look = {
        ...(focus && n === 0 ? { 'ui:autofocus': true } : {}),
        ...(widget ? { 'ui:widget': widget } : {}),
        ...(input.kind === 'text' && input.pattern ? { 'ui:help': `It must fit ${seen(input.pattern)}` } : {}),
        ...(input.kind === 'choice' ? { 'ui:enumNames': input.options.map(o => seen(o.title)) } : {}),
        // A list that opened by itself would hide what the server says.
        'ui:options': {
          autocomplete: 'off',
          ...(widget === undefined && input.kind === 'choice' ? { openOnFocus: false } : {}),
        },
      }
      return [name, look]
    }),
  )
}

/** What the form holds at first: what the server suggests, and no where a box is not ticked. */
export function freshValues(fields: readonly FormField[]): Values {
  const values = fields.flatMap(({ name, input }): [string, unknown][] => {
    if (input.kind === 'yes-no') return [[name, input.preset ?? false]]
    if (input.kind !== 'choice') return input.preset === null ? [] : [[name, input.preset]]
    if (input.many) return [[name, input.preset]]
    return input.preset.length > 0 ? [[name, input.preset[0]]] : []
  })
  return Object.fromEntries(values)
}

/** What is sent: fields that were left empty are left out. */
export function filled(
  fields: readonly FormField[],
  values: Values,
): Record<string, string | number | boolean | string[]> {
  return Object.fromEntries(
    fields.flatMap(({ name, required, input }) => {
      const value = values[name]
      if (value === undefined || value === null) return []
      // An empty list is an answer only where one is needed.
      const empty = value === '' || (Array.isArray(value) && value.length === 0 && !required)
      return empty && input.kind !== 'yes-no' ? [] : [[name, value as string | number | boolean | string[]]]
    }),
  )
}

/** The first field that still needs something; null when all have it. */
export function lacking(fields: readonly FormField[], values: Values): FormField | null {
  const given = filled(fields, values)
  return fields.find(field => field.required && !Object.hasOwn(given, field.name)) ?? null
}
