// Checks a form's value against its schema without generating code, which the page's CSP forbids.
import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema'
import {
  createErrorHandler,
  type RJSFSchema,
  type RJSFValidationError,
  toErrorSchema,
  unwrapErrorHandler,
  type ValidatorType,
  validationDataMerge,
} from '@rjsf/utils'

const checkers = new WeakMap<object, Validator>()

function check(schema: RJSFSchema, value: unknown): OutputUnit[] {
  let checker = checkers.get(schema)
  if (!checker) {
    checker = new Validator(schema as Schema, '2020-12', false)
    checkers.set(schema, checker)
  }
  return checker.validate(value ?? null).errors
}

/** Errors that only say "something below is wrong" are left out. */
const summaries = new Set(['properties', 'items', 'additionalProperties', '$ref', 'prefixItems', 'dependentSchemas'])

function toProblems(errors: OutputUnit[]): RJSFValidationError[] {
  const direct = errors.filter(error => !summaries.has(error.keyword))
  return (direct.length > 0 ? direct : errors).map(error => {
    const path = error.instanceLocation.replace(/^#/, '').replaceAll('/', '.')
    const missing = error.keyword === 'required' ? /"([^"]+)"/.exec(error.error)?.[1] : undefined
    const property = missing ? `${path}.${missing}` : path
    const message = missing ? 'is needed' : inWords(error)
    return { name: error.keyword, property, message, stack: `${property.slice(1)} ${message}`.trim(), params: {} }
  })
}

/** What is wrong with a value, for people; the checker's own words where we have none. */
function inWords({ keyword, error }: OutputUnit): string {
  const [, limit] = /(?:[<>]|than) (-?[\d.e+-]+?)\)?\.$/i.exec(error) ?? []
  const characters = limit === '1' ? 'character' : 'characters'
  switch (limit === undefined ? '' : keyword) {
    case 'minLength':
      return `At least ${limit} ${characters}.`
    case 'maxLength':
      return `At most ${limit} ${characters}.`
    case 'minimum':
      return `At least ${limit}.`
    case 'maximum':
      return `At most ${limit}.`
    default:
      return keyword === 'format' ? 'Not of the format that is asked for.' : error
  }
}

export const validator: ValidatorType = {
  validateFormData(value, schema, customValidate, transformErrors, uiSchema) {
    let errors = toProblems(check(schema, value))
    if (transformErrors) errors = transformErrors(errors, uiSchema)
    const found = { errors, errorSchema: toErrorSchema(errors) }
    if (!customValidate) return found
    const handled = customValidate(value, createErrorHandler(value), uiSchema)
    return validationDataMerge(found, unwrapErrorHandler(handled))
  },
  isValid(schema, value, root) {
    try {
      const whole =
        root.$defs || root.definitions ? { ...schema, $defs: root.$defs, definitions: root.definitions } : schema
      return check(whole, value).length === 0
    } catch {
      return false
    }
  },
  rawValidation(schema, value) {
    return { errors: check(schema, value) as never[] }
  },
}
