// Names and selectors as Kubernetes defines them: what is not one never reaches a URL.
import { z } from 'zod'

const LABEL = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?'

export const namespace = z
  .string()
  .regex(new RegExp(`^${LABEL}$`), 'a namespace is lower case letters, digits and -, at most 63')
/** Of pods, deployments and the like. */
export const objectName = z
  .string()
  .max(253)
  .regex(new RegExp(`^${LABEL}(?:\\.${LABEL})*$`), 'a name is lower case letters, digits, - and .')
export const container = z
  .string()
  .regex(new RegExp(`^${LABEL}$`), 'a container’s name is lower case letters, digits and -, at most 63')

const QUALIFIED = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'
const KEY = `(?:[a-z0-9][-a-z0-9.]{0,252}/)?${QUALIFIED}`
const VALUE = `(?:${QUALIFIED})?`
const REQUIREMENT = new RegExp(
  `^ *(?:! *${KEY}|${KEY}(?: *(?:=|==|!=) *${VALUE}| +(?:in|notin) *\\( *${VALUE}(?: *, *${VALUE})* *\\))?) *$`,
)

export const labelSelector = z
  .string()
  .min(1)
  .max(1000)
  .refine(
    text => text.split(/,(?![^()]*\))/).every(one => REQUIREMENT.test(one)),
    'a selector is like app=web,tier!=cache or env in (dev, test)',
  )
  .describe('As in app=web,tier!=cache or env in (dev, test)')

/** `Pod/web-1`, or the name alone. */
export const eventObject = z
  .string()
  .max(320)
  .regex(/^(?:[A-Z][A-Za-z]{0,62}\/)?[a-z0-9][-a-z0-9.]{0,252}$/, 'an object is Kind/name or a name, as in Pod/web-1')
