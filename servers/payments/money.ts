// Amounts as Stripe counts them: in the smallest unit of a currency, which is not the hundredth everywhere.
// https://docs.stripe.com/currencies
import { Failure } from '../kit/failure.ts'

const NO_DECIMALS = 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' ')
const THREE_DECIMALS = 'BHD JOD KWD OMR TND'.split(' ')
const TWO_DECIMALS = (
  'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE ' +
  'CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD KES KGS KHR KYD KZT ' +
  'LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN ' +
  'QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER ' +
  'ZAR ZMW'
).split(' ')
/** What an amount must be a multiple of, where that is not 1. */
const STEP: Record<string, number> = { ISK: 100, ...Object.fromEntries(THREE_DECIMALS.map(code => [code, 10])) }

export type Limits = ReadonlyMap<string, number>

/** Undefined: a currency that is not charged in. UGX is none: how Stripe counts it changed over time. */
export function decimalsOf(currency: string): number | undefined {
  if (NO_DECIMALS.includes(currency)) return 0
  if (THREE_DECIMALS.includes(currency)) return 3
  return TWO_DECIMALS.includes(currency) ? 2 : undefined
}

/** `12.50 USD` of 1250. */
export function shown(amount: number, currency: string): string {
  const code = currency.toUpperCase()
  const decimals = decimalsOf(code)
  return decimals === undefined
    ? `${amount} smallest units of ${code}`
    : `${(amount / 10 ** decimals).toFixed(decimals)} ${code}`
}

/** Smallest units by currency of `USD=100, JPY=15000`; null when it is no such list, or says something of one twice. */
export function limitsOf(text: string): Limits | null {
  const limits = new Map<string, number>()
  for (const one of text.split(',').filter(one => one.trim() !== '')) {
    const [, code = '', whole, fraction = ''] = /^\s*([A-Z]{3})\s*=\s*(\d{1,9})(?:\.(\d{1,3}))?\s*$/.exec(one) ?? []
    const decimals = decimalsOf(code)
    if (decimals === undefined || fraction.length > decimals || limits.has(code)) return null
    limits.set(code, Number(`${whole}${fraction.padEnd(decimals, '0')}`))
  }
  return limits
}

/** Throws Failure for an amount that this server may not move in one call. `currency`: in capitals. */
export function mustBeAllowed(amount: number, currency: string, most: Limits): void {
  const limit = most.get(currency)
  if (limit === undefined) {
    const known = [...most.keys()].join(', ') || 'none'
    throw new Failure('permission_denied', `${currency} is not allowed here.`, `Allowed: ${known} (MOST_PER_CALL).`)
  }
  const step = STEP[currency] ?? 1
  if (amount % step !== 0)
    throw new Failure('validation_error', `Amounts in ${currency} are multiples of ${step}.`, 'Round the amount.')
  if (amount <= limit) return
  throw new Failure(
    'permission_denied',
    `${shown(amount, currency)} is more than one call may move: ${shown(limit, currency)}.`,
    'Only the person can raise it: MOST_PER_CALL. Amounts are in the smallest unit: 1250 are 12.50 USD.',
    { limit, amount, currency },
  )
}
