// The shapes of states: each differs by shape, not by colour alone. They take the colour of their word.
import type { ReactNode } from 'react'

const Glyph = ({ children, className }: { children: ReactNode; className?: string | undefined }) => (
  <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true" className={className}>
    {children}
  </svg>
)

export const Disc = () => (
  <Glyph>
    <circle cx="5" cy="5" r="4.2" fill="currentColor" />
  </Glyph>
)
export const Ring = () => (
  <Glyph>
    <circle cx="5" cy="5" r="3.6" fill="none" stroke="currentColor" strokeWidth="1.4" />
  </Glyph>
)
export const BrokenRing = () => (
  <Glyph>
    <circle cx="5" cy="5" r="3.7" fill="none" stroke="currentColor" strokeWidth="1.8" strokeDasharray="3.9 1.9" />
  </Glyph>
)
export const Diamond = () => (
  <Glyph>
    <path d="M5 .4 9.6 5 5 9.6 .4 5z" fill="currentColor" />
  </Glyph>
)
export const Octagon = () => (
  <Glyph>
    <path d="M3.2.7h3.6l2.5 2.5v3.6L6.8 9.3H3.2L.7 6.8V3.2z" fill="currentColor" />
  </Glyph>
)
export const Crescent = () => (
  <Glyph>
    <path
      d="M8.9 6.1A4 4 0 1 1 3.9 1.1a3.3 3.3 0 0 0 5 5z"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.3"
      strokeLinejoin="round"
    />
  </Glyph>
)
export const Arc = ({ className }: { className?: string | undefined }) => (
  <Glyph className={className}>
    <circle cx="5" cy="5" r="3.8" fill="none" stroke="currentColor" strokeOpacity=".25" strokeWidth="1.6" />
    <path d="M5 1.2A3.8 3.8 0 0 1 8.8 5" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
  </Glyph>
)
