// Which addresses a health check may reach: public ones, and those that the person allowed. However they are written.
import { networkInterfaces } from 'node:os'
import ip from 'ipaddr.js'

type Address = ip.IPv4 | ip.IPv6
type Range = [Address, number]

/** What clouds tell their machines, keys among it; some of these look public or private. */
const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
]
const PUBLIC_V6 = ip.parseCIDR('2000::/3')
const NAT64 = ip.parseCIDR('64:ff9b::/96')
const WORDS: Record<string, readonly string[]> = { private: ['private', 'uniqueLocal'], loopback: ['loopback'] }

/** What `HEALTH_ALLOW` holds. */
export class AllowedAddresses {
  readonly #kinds: readonly string[]
  readonly #ranges: readonly Range[]
  readonly #own: () => readonly string[]

  constructor(text: string, own = ownAddresses) {
    this.#own = own
    const entries = entriesOf(text)
    this.#kinds = entries.flatMap(entry => WORDS[entry] ?? [])
    this.#ranges = entries.filter(entry => !WORDS[entry]).map(entry => rangeOf(entry)!)
  }

  /** The first entry that means nothing, or null. */
  static wrongIn(text: string): string | null {
    return entriesOf(text).find(entry => !WORDS[entry] && rangeOf(entry) === null) ?? null
  }

  /** Why this address is refused, as it follows "is"; null when it may be reached. */
  refuses(text: string): string | null {
    if (!ip.isValid(text)) return 'no address'
    const address = plain(ip.parse(text))
    const isMetadata = METADATA.includes(address.toString())
    const isNamed = ([first, bits]: Range) => !isMetadata || bits === first.toByteArray().length * 8
    if (this.#ranges.some(range => isIn(address, range) && isNamed(range))) return null
    if (isMetadata) return 'a cloud metadata address'
    const kind = address.range()
    if (this.#kinds.includes(kind)) return null
    if (kind !== 'unicast') return `not public (${kind})`
    if (address.kind() === 'ipv6' && !isIn(address, PUBLIC_V6)) return 'not public'
    // Also through a public address one gets to what listens on all of them.
    const isOwn = this.#own().some(own => plain(ip.parse(own)).toString() === address.toString())
    return isOwn && !this.#kinds.includes('loopback') ? 'an address of this computer' : null
  }
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap(all => (all ?? []).map(one => one.address))
}

function entriesOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}

function rangeOf(entry: string): Range | null {
  if (ip.isValidCIDR(entry)) return ip.parseCIDR(entry)
  if (!ip.isValid(entry)) return null
  const address = plain(ip.parse(entry))
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

/** An IPv4 address that travels inside an IPv6 one (mapped, or through NAT64) is what counts. */
function plain(address: Address): Address {
  if (!(address instanceof ip.IPv6)) return address
  if (address.isIPv4MappedAddress()) return address.toIPv4Address()
  return isIn(address, NAT64) ? new ip.IPv4(address.toByteArray().slice(12)) : address
}

function isIn(address: Address, range: Range): boolean {
  return address.kind() === range[0].kind() && address.match(range)
}
