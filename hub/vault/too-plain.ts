// Why a value is no secret: anything stored is taken out of what people read, so a common word would hide what they decide on.
import { HubError } from '../error.ts'

const LEAST_CHARS = 8
const WORD_CHARS = 12

const COMMON = new Set(
  (
    'a all allow an and any api approve argument arguments as ask at be branch bucket by call cancel change changes client ' +
    'cluster command commit company config content context create customer customers data database db default delete ' +
    'deny deploy description dev directory disable document drop email enable environment erase error everything example ' +
    'execute false file files folder for force from get git github google grant hello home host http https id important ' +
    'in index input insert instance is it json key kill kubernetes list local localhost main management master message ' +
    'method move name namespace namespaces never no not null number of on or org origin output overwrite param params ' +
    'password path pay payment payments permission please process prod production project public purge push query read ' +
    'record records refuse remove repo repository request reset resource response restart result root run schema search ' +
    'secret send server service session set stage staging stop string system table tables target temp test text that the ' +
    'this to token tool tools transfer true truncate undefined update upload url user username users value version with ' +
    'withdraw write www yes you your'
  ).split(' '),
)

/** In words for whoever stores it; null for a value that may be one. */
export function whyTooPlain(given: string): string | null {
  const value = given.trim()
  if ([...value].length < LEAST_CHARS) return `It is shorter than ${LEAST_CHARS} characters.`
  if (new Set(value).size < 4) return 'It is the same few characters over and over.'
  if (/^[\d\s.,:/+-]+$/.test(value) && value.length < 16) return 'It looks like a number, a date or an address.'
  if (/^\p{L}+$/u.test(value) && value.length < WORD_CHARS && /^.?[^\p{Lu}]*$/u.test(value))
    return 'It is a plain word.'
  const words = value.toLowerCase().split(/[^\p{L}\d]+/u)
  if (words.every(word => word === '' || COMMON.has(word) || /^\d{1,4}$/.test(word)))
    return 'It is made of common words.'
  return null
}

export function refuseTooPlain(name: string, value: string): void {
  const plain = whyTooPlain(value)
  if (plain === null) return
  throw new HubError('secret/too-plain', `The value of ${name} was not stored. ${plain}`, {
    hint: 'A stored value is taken out of everything people read, so an ordinary word would hide what they decide on. Use a longer, random one.',
  })
}
