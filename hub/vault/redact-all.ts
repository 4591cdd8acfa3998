// Secrets out of every text of a value, names of members included; everything else stays as it is.
export function redactAll<T>(value: T, redact: (text: string) => string): T {
  const clean = (inner: unknown): unknown => {
    if (typeof inner === 'string') return redact(inner)
    if (Array.isArray(inner)) return inner.map(clean)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [redact(key), clean(one)]))
  }
  return clean(value) as T
}
