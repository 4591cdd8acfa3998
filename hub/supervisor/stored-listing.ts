// A listing as it may lie on disk: what a server says of itself can hold a secret it was given.
import type { RawListing } from './upstream.ts'

/** Every text without secrets. An entry that would no longer be JSON is left out: it is listed again at the next start anyway. */
export function storedListing(listing: RawListing, redact: (text: string) => string): RawListing {
  const clean = (entries: readonly string[]) => entries.map(redact).filter(isJson)
  const initialize = redact(listing.initialize)
  return {
    at: listing.at,
    era: listing.era,
    probedAt: listing.probedAt,
    initialize: isJson(initialize) ? initialize : '{}',
    tools: clean(listing.tools),
    prompts: clean(listing.prompts),
    resources: clean(listing.resources),
    resourceTemplates: clean(listing.resourceTemplates),
    around: Object.fromEntries(
      Object.entries(listing.around).flatMap(([name, text]) => clean([text]).map(one => [name, one])),
    ),
    warnings: listing.warnings.map(redact),
  }
}

/** As it was stored, by this version or an older one that knew of no eras. */
export function readListing(json: string): RawListing {
  const older = { era: 'legacy' as const, probedAt: 0, around: {} }
  return { ...older, ...(JSON.parse(json) as Omit<RawListing, keyof typeof older>) }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
