// What goes into a query as a name or a value: names are checked, values are quoted, so that neither can say more than itself.
import { z } from 'zod'

export const MetricName = z
  .string()
  .max(200)
  .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'is no name of a metric')
const LabelName = z
  .string()
  .max(100)
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'is no name of a label')
  .refine(name => name !== '__name__', 'The metric has a parameter of its own')
export const LabelValue = z.string().min(1).max(200)
export const Labels = z
  .record(LabelName, LabelValue)
  .refine(labels => Object.keys(labels).length <= 20, 'at most 20 labels')

/** `metric{label="value"}` for exactly these values. PromQL quotes as JSON does. */
export function selector(metric: string, labels: Record<string, string>): string {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return `${metric}{${matchers.join(',')}}`
}
